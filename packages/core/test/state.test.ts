// Process tests: the shared state between real processes, and what it outlives.
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { waitFor, waitUntilGone } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { fileMatches, temporaryDirectory } from './balance-support.js';
import { call, logLines, pidsOf, start } from './support.js';
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

  const tooLarge = 'x'.repeat(3 * 1024 * 1024);
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
  const has = async (): Promise<boolean> => {
    const answer = (await stateCall(fixture, 1, 'has', 'watched')) as { value?: unknown };
    return answer.value === true;
  };
  await waitFor(has, { what: () => 'the primary to answer in time' });
  fixture.kill('SIGKILL');
  await fixture.waitForOutput(/STATE_UNAVAILABLE .*the primary has gone/);
  await waitUntilGone(pids);
});

test('with a file the state outlives a restart and a killed primary, and a damaged file ends nothing', async () => {
  const file = `${temporaryDirectory()}/state`;
  const session = { user: 'ada', since: new Date(0).toISOString() };
  const begin = async (
    workers: number,
    snapshotIntervalMs = 60_000,
  ): ReturnType<typeof startState> =>
    await startState({ workers, state: { snapshotFile: file, snapshotIntervalMs } });
  const end = async (fixture: Fixture): Promise<void> => {
    fixture.kill('SIGTERM');
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  };

  const first = await begin(1);
  await stateCall(first.fixture, 1, 'set', 'session', session, { ttlMs: 600_000 });
  await stateCall(first.fixture, 1, 'set', 'brief', 1, { ttlMs: 1 });
  await stateCall(first.fixture, 1, 'increment', 'count');
  await end(first.fixture);

  const second = await begin(1, 20);
  expect(await stateCall(second.fixture, 1, 'get', 'session')).toEqual({ value: session });
  expect(await stateCall(second.fixture, 1, 'has', 'brief')).toEqual({ value: false });
  expect(await stateCall(second.fixture, 1, 'increment', 'count')).toMatchObject({
    value: { value: 2 },
  });
  await fileMatches(file, /"count",2,/);
  second.fixture.kill('SIGKILL');
  await waitUntilGone([second.fixture.pid, ...second.pids]);

  // A process alone has the same.
  const third = await begin(0);
  expect(await stateCall(third.fixture, 1, 'increment', 'count')).toMatchObject({
    value: { value: 3 },
  });
  await end(third.fixture);

  fs.truncateSync(file, fs.statSync(file).size - 1);
  const fourth = await begin(0);
  expect(await stateCall(fourth.fixture, 1, 'has', 'count')).toEqual({ value: false });
  const warnings = logLines(fourth.fixture.output).filter(({ level }) => level === 40);
  expect(warnings).toEqual([
    expect.objectContaining({ aside: expect.stringContaining(`${file}.damaged-`) as string }),
  ]);
  await end(fourth.fixture);
});
