// Process test: a singleton on Redis goes from worker to worker in reloads and shutdowns, and is never two at once.
import { expect, test } from 'vitest';
import { startRedisServer, waitFor } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { start } from './support.js';

interface Step {
  readonly what: 'begun' | 'aborted' | 'stopped';
  readonly fencingToken: number;
  readonly atUs: number;
  readonly pid: number;
  readonly generation: number;
  readonly isHeld?: boolean;
  readonly code?: string;
}

/** What all workers have done, in the order in which they did it. */
function stepsOf(clusters: readonly Fixture[]): Step[] {
  return clusters
    .flatMap(({ stdout }) => [...stdout.matchAll(/^singleton (.*)$/gm)])
    .map(([, json = '']) => JSON.parse(json) as Step)
    .sort((a, b) => a.atUs - b.atUs);
}

/** Resolves with the one that has begun last, when it is as it should be. */
async function holder(
  clusters: readonly Fixture[],
  isRight: (begun: Step) => boolean = () => true,
): Promise<Step> {
  return await waitFor(
    () => {
      const last = stepsOf(clusters).at(-1);
      return last?.what === 'begun' && isRight(last) && last;
    },
    { what: () => `the singleton: ${clusters.map(({ output }) => output).join('\n')}` },
  );
}

test('a singleton moves in rolling reloads and shutdowns of two clusters: abort, stop, release, begin', async (context) => {
  const server = await startRedisServer();
  context.onTestFinished(server.close);
  const startCluster = (): Fixture => start(context, 'singleton.mjs', { url: server.url });
  const [one, other] = [startCluster(), startCluster()];
  const clusters = [one, other];
  await Promise.all(clusters.map(async (cluster) => await cluster.nextEvent('started')));
  const first = await holder(clusters);

  for (const cluster of clusters) cluster.kill('SIGHUP');
  for (const cluster of clusters) {
    expect(await cluster.nextEvent('reload')).toMatchObject({ replaced: 2, failed: 0 });
  }
  const reloaded = await holder(clusters, ({ generation }) => generation === 2);
  expect(reloaded.pid).not.toBe(first.pid);

  // The other cluster takes it over from one that leaves, at once as well.
  const isOf = ({ pid }: Step, cluster: Fixture): boolean => cluster.family().includes(pid);
  const [leaving, staying] = isOf(reloaded, one) ? [one, other] : [other, one];
  leaving.kill('SIGTERM');
  await holder(clusters, (begun) => isOf(begun, staying));
  staying.kill('SIGTERM');
  for (const cluster of clusters) {
    expect(await cluster.waitForExit()).toEqual({ code: 0, signal: null });
  }

  const steps = stepsOf(clusters);
  const begun = steps.filter(({ what }) => what === 'begun');
  // In their order, not one step of another between: no two have it at once.
  expect(steps.map(({ what, pid, isHeld }) => [what, pid, isHeld])).toEqual(
    begun.flatMap(({ pid }) => [
      ['begun', pid, true],
      ['aborted', pid, false],
      ['stopped', pid, undefined],
    ]),
  );
  const tokens = begun.map(({ fencingToken }) => fencingToken);
  expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
  const codes = steps.filter(({ what }) => what === 'aborted').map(({ code }) => code);
  expect(new Set(codes)).toEqual(new Set(['SINGLETON_STOPPED']));
});
