// Process tests: the threads of a whole cluster: one budget, and their place in a shutdown.
import { expect, test } from 'vitest';
import type { ClusterStatus } from '@corral/core';
import { probe, probeJson, waitFor } from '@corral/test-kit';
import { call, occurrences, startServing, statusOf } from './support.js';
import type { ServingFixture } from './support.js';

/** What each worker has been granted, when all have said so. */
async function grants(fixture: ServingFixture, wanted: readonly number[]): Promise<ClusterStatus> {
  return await waitFor(
    async () => {
      const status = await statusOf(fixture);
      const granted = status.workers.map(({ offload }) => offload?.grantedThreads);
      return granted.join() === wanted.join() ? status : undefined;
    },
    { what: () => `grants of ${wanted.join()}` },
  );
}

/** Resolves when the one worker's calls of `tasks` are at that. */
async function tasksReach(
  fixture: ServingFixture,
  wanted: Partial<Record<'running' | 'queued' | 'aborted', number>>,
): Promise<void> {
  const names = ['running', 'queued', 'aborted'] as const;
  await waitFor(
    async () => {
      const [worker] = (await statusOf(fixture)).workers;
      const tasks = worker?.offload?.modules.find(({ name }) => name === 'tasks');
      return names.every((name) => wanted[name] === undefined || tasks?.[name] === wanted[name]);
    },
    { what: () => `calls that are at ${JSON.stringify(wanted)}` },
  );
}

test('processes share the threads, whoever comes and goes, and finish calls before the app closes', async () => {
  const fixture = await startServing('offload-cluster.mjs');
  // The first readiness waited for the eager threads.
  expect(fixture.status).toMatchObject({ ready: 2 });
  expect(await fixture.nextEvent('sum')).toMatchObject({ sum: 5 });

  // Four threads: one for the primary, which offloads as well, and three for two workers.
  const shared = await grants(fixture, [2, 1]);
  expect(shared.offload?.modules.map(({ name }) => name)).toEqual(['own', 'tasks']);

  expect(await call(fixture, 'scale', 1)).toMatchObject({ ok: true });
  const [alone] = (await grants(fixture, [2])).workers;
  process.kill(alone!.pid, 'SIGKILL');
  await fixture.nextEvent('workerExit', (each) => each['pid'] === alone!.pid);
  expect((await grants(fixture, [2])).workers[0]!.pid).not.toBe(alone!.pid);

  // Two calls run, one waits, until its client hangs up.
  const answered = [probe(`${fixture.url}wait`), probe(`${fixture.url}wait`)];
  await tasksReach(fixture, { running: 2, queued: 0 });
  const leaving = new AbortController();
  const left = probe(`${fixture.url}wait`, { signal: leaving.signal });
  left.catch(() => undefined);
  await tasksReach(fixture, { running: 2, queued: 1 });
  leaving.abort();
  await tasksReach(fixture, { running: 2, queued: 0, aborted: 1 });
  await probe(`${fixture.url}unlock`);
  for (const { body } of await Promise.all(answered)) expect(body).toBe('slept');
  if (process.platform === 'linux') {
    const { json } = await probeJson(`${fixture.url}nice`);
    const [thread, main] = json as [number, number];
    expect(thread).toBe(Math.min(main + 5, 19));
  }

  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  // The worker that was scaled away, and the last one.
  expect(occurrences(fixture.output, 'task finished\nresources closed\n')).toBe(2);
});
