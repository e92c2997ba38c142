// Process test: each run of a schedule is done once by all machines on one Redis, of which some are killed.
import { expect, test } from 'vitest';
import { startRedisServer, waitFor } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { start } from './support.js';

type Step = 'asks' | 'leaves' | 'begins' | 'ends';

function ticksOf({ stdout }: Fixture, step: Step): number[] {
  return [...stdout.matchAll(new RegExp(`^${step} (\\d+)$`, 'gm'))].map(([, tick]) => Number(tick));
}

/** Resolves when one of them has taken this step once more, with that one. */
async function next(machines: readonly Fixture[], step: Step): Promise<Fixture> {
  const before = machines.map((each) => ticksOf(each, step).length);
  return await waitFor(
    () => machines.find((each, index) => ticksOf(each, step).length > (before[index] ?? 0)),
    { what: () => `a machine that ${step}`, intervalMs: 1 },
  );
}

test('machines are killed as they ask for a run, in one, and between two: no run is done twice, none left out', async (context) => {
  const server = await startRedisServer();
  context.onTestFinished(server.close);
  const machines = Array.from({ length: 4 }, () =>
    start(context, 'ticks.mjs', { url: server.url }),
  );
  await Promise.all(machines.map(async (each) => await next([each], 'asks')));

  let living: readonly Fixture[] = machines;
  for (const step of ['asks', 'begins', 'ends'] as const) {
    const killed = await next(living, step);
    killed.kill('SIGKILL');
    expect(await killed.waitForExit()).toEqual({ code: null, signal: 'SIGKILL' });
    living = living.filter((each) => each !== killed);
    await next(living, 'ends');
  }
  const [survivor] = living;
  const endMs = Date.now();
  survivor?.kill('SIGTERM');
  expect(await survivor?.waitForExit()).toEqual({ code: 0, signal: null });

  const all = (step: Step): number[] =>
    machines
      .flatMap((each) => ticksOf(each, step))
      .filter((tick) => tick < endMs)
      .sort((a, b) => a - b);
  const begun = all('begins');
  expect(begun).toEqual([...new Set(begun)]);
  // What a machine was asking for when it was killed may have been its own already: then it is nobody's.
  const lost = machines.flatMap((each) => {
    const answered = new Set([...ticksOf(each, 'leaves'), ...ticksOf(each, 'begins')]);
    return ticksOf(each, 'asks').filter((tick) => !answered.has(tick));
  });
  expect(lost.length).toBeLessThanOrEqual(3);
  const due = [...new Set(all('asks'))];
  expect(due.filter((tick) => !begun.includes(tick) && !lost.includes(tick))).toEqual([]);
  // Nor is the run done again in which a machine was killed.
  expect(begun.length - all('ends').length).toBeLessThanOrEqual(2);
});
