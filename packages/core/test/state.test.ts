// Process tests: the shared state between real processes, and what it outlives.
import { expect, test } from 'vitest';
import { waitUntilGone } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { call, pidsOf, start } from './support.js';
import type { FixtureBootstrapOptions, statusOf } from './support.js';

type Status = Awaited<ReturnType<typeof statusOf>>;

async function startState(
  options: FixtureBootstrapOptions,
): Promise<{ readonly fixture: Fixture; readonly pids: readonly number[] }> {
  const fixture = start('state.mjs', options);
  const { status } = await fixture.nextEvent('started');
  return { fixture, pids: pidsOf(status as Status) };
}

/** Asks a worker, or the primary, to do something with the state. */
async function ask(
  fixture: Fixture,
  target: number | 'primary',
  name: string,
  data: unknown = null,
): Promise<unknown> {
  const outcome = await call(fixture, 'request', target, name, data as object, {
    timeoutMs: 25_000,
  });
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value;
}

async function stateCall(
  fixture: Fixture,
  target: number | 'primary',
  method: string,
  ...args: readonly unknown[]
): Promise<unknown> {
  return await ask(fixture, target, 'state', { method, args });
}

test('workers count exactly, share what they set, and outlive a crash and a reload', async () => {
  const { fixture, pids } = await startState({ workers: 4, minUptimeMs: 0 });
  const count = { key: 'count', times: 10_000, concurrency: 100 };
  await Promise.all([1, 2, 3, 4].map(async (worker) => await ask(fixture, worker, 'count', count)));
  expect(await stateCall(fixture, 'primary', 'get', 'count')).toEqual({ value: 40_000 });
  expect(await ask(fixture, 1, 'contract')).toMatchObject({ failures: [] });

  const tooLarge = 'x'.repeat(10 * 1024 * 1024);
  expect(await stateCall(fixture, 2, 'set', 'large', tooLarge)).toEqual({
    code: 'STATE_VALUE_TOO_LARGE',
  });

  // What a worker held is free as soon as it is gone; what it has set stays.
  const token = await ask(fixture, 1, 'acquire', { name: 'job', ttlMs: 60_000 });
  expect(await ask(fixture, 2, 'acquire', { name: 'job', ttlMs: 60_000 })).toBeUndefined();
  await ask(fixture, 2, 'subscribe', 'news');
  process.kill(pids[0] ?? 0, 'SIGKILL');
  await fixture.nextEvent('workerExit', ({ workerId }) => workerId === 1);
  const next = await ask(fixture, 2, 'acquire', { name: 'job', ttlMs: 60_000 });
  expect(next).toBeGreaterThan(token as number);
  await fixture.nextEvent('workerReady', ({ workerId, pid }) => workerId === 1 && pid !== pids[0]);
  await stateCall(fixture, 'primary', 'publish', 'news', { hello: 'all' });
  expect(await ask(fixture, 2, 'heard')).toEqual([{ hello: 'all' }]);

  const { value: report } = (await call(fixture, 'reload')) as { value: unknown };
  expect(report).toMatchObject({ replaced: 4 });
  expect(await stateCall(fixture, 3, 'increment', 'count')).toMatchObject({
    value: { value: 40_001 },
  });
  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});

test('calls fail at their deadline while the primary does not answer, and at once when it has gone', async () => {
  const { fixture, pids } = await startState({ workers: 1, state: { timeoutMs: 300 } });
  await ask(fixture, 1, 'watch');
  fixture.kill('SIGSTOP');
  await fixture.waitForOutput(/STATE_UNAVAILABLE .*no answer within 300 ms/);
  fixture.kill('SIGCONT');
  expect(await stateCall(fixture, 1, 'has', 'watched')).toEqual({ value: true });
  fixture.kill('SIGKILL');
  await fixture.waitForOutput(/STATE_UNAVAILABLE .*the primary has gone/);
  await waitUntilGone(pids);
});
