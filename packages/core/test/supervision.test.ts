// Process tests: workers that end although nobody asked, and a primary that is killed.
import { expect, test } from 'vitest';
import { isAlive, probe, startLoad, waitUntilGone } from '@corral/test-kit';
import {
  logLines,
  occurrences,
  openStream,
  pidsOf,
  start,
  startServing,
  statusOf,
  toldCounts,
} from './support.js';

test.for(['keep-alive', 'new'] as const)(
  'kill -9 of a worker under load: only what is in flight on it fails (%s connections)',
  async (connections) => {
    const fixture = await startServing('serve.mjs', { workers: 2 });
    const [pid = 0] = pidsOf(fixture.status);
    const url = `${fixture.url}?delayMs=5`;
    const load = startLoad({ url, connections, concurrency: 8, timeoutMs: 3_000 });
    await load.answered(100);

    process.kill(pid, 'SIGKILL');

    expect(await fixture.nextEvent('workerExit')).toMatchObject({
      workerId: 1,
      pid,
      reason: 'killed',
      code: null,
      signal: 'SIGKILL',
    });
    const replacement = await fixture.nextEvent('workerReady');
    expect(replacement).toMatchObject({ workerId: 1, generation: 1 });
    await load.answered(100);

    const { failures, refused } = await load.stop();
    const status = await statusOf(fixture);
    // Each lane had at most one request in flight.
    expect(failures.length).toBeLessThanOrEqual(8);
    // Where the primary hands connections out (round-robin), one may be on its way to the dead worker.
    const stranded = failures.filter(({ code }) => code !== 'ECONNRESET');
    expect(stranded.length).toBeLessThanOrEqual(status.balance.mode === 'slots' ? 0 : 1);
    expect(refused).toBe(0);
    expect(status).toMatchObject({ desired: 2, ready: 2, restarts: { killed: 1 } });
    expect(pidsOf(status)).toContain(replacement['pid']);
    expect(logLines(fixture.stdout).map(({ msg }) => msg)).toContain('worker 1 is gone (killed)');

    fixture.kill('SIGTERM');
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  },
);

test('kill -9 of the only worker: connections made meanwhile wait for its replacement', async () => {
  const fixture = await startServing('serve.mjs', { workers: 1 });
  const [pid = 0] = pidsOf(fixture.status);

  process.kill(pid, 'SIGKILL');
  await fixture.nextEvent('workerReady');

  expect((await probe(fixture.url)).status).toBe(200);
  expect((await statusOf(fixture)).restarts).toEqual({ killed: 1 });
});

test('SIGTERM to one worker: it drains and is replaced, nothing is lost', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2 });
  const [, pid = 0] = pidsOf(fixture.status);
  const load = startLoad({ url: `${fixture.url}?delayMs=5`, connections: 'keep-alive' });
  await load.answered(50);

  process.kill(pid, 'SIGTERM');

  const exit = await fixture.nextEvent('workerExit');
  expect(exit).toMatchObject({ workerId: 2, pid, reason: 'terminated', code: 0 });
  expect(await fixture.nextEvent('workerReady')).toMatchObject({ workerId: 2 });
  await load.answered(50);
  expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
  expect((await statusOf(fixture)).restarts).toEqual({ terminated: 1 });
});

test('kill -9 of the primary: the workers answer what they have, and leave', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2 });
  const workers = pidsOf(fixture.status);
  const load = startLoad({ url: `${fixture.url}?delayMs=200`, connections: 'keep-alive' });
  await load.answered(8);

  fixture.kill('SIGKILL');

  await waitUntilGone([fixture.pid, ...workers]);
  expect(await fixture.waitForExit()).toEqual({ code: null, signal: 'SIGKILL' });
  const { failures, ok } = await load.finished;
  expect(failures.filter(({ isNewConnection }) => !isNewConnection)).toEqual([]);
  expect(toldCounts(fixture.stdout)).toEqual({ received: ok, answered: ok });
});

test('kill -9 of the primary: a worker whose event loop is blocked leaves too', async () => {
  const fixture = await startServing('stall.mjs', { workers: 1, stallMs: 300 });
  const workers = pidsOf(fixture.status);
  // Never answered: the loop is blocked for an hour.
  const blocked = probe(`${fixture.url}block?ms=3600000`).catch((error: unknown) => error);
  await fixture.waitForOutput(/blocking/);

  fixture.kill('SIGKILL');

  await waitUntilGone(workers);
  expect(await blocked).toMatchObject({ code: 'ECONNRESET' });
});

test('kill -9 of the primary: a worker whose main blocks leaves too', async () => {
  const options = { workers: 1, stallMs: 300 };
  const fixture = start('boot-fails.mjs', options, { env: { WAY: 'blocks' } });
  const [, pid] = await fixture.waitForOutput(/worker (\d+) is booting/);

  fixture.kill('SIGKILL');

  await waitUntilGone([Number(pid)]);
});

test.for(['uncaught', 'rejection'])(
  'an uncaught error (%s): reported with its stack, in-flight requests are answered, replaced',
  async (way) => {
    const fixture = await startServing('crash.mjs', { workers: 1, idleGraceMs: 100 });
    const [pid = 0] = pidsOf(fixture.status);
    const inFlight = await openStream(`${fixture.url}late`);

    await probe(`${fixture.url}${way}`);

    // The replacement starts before the old worker has left.
    expect(await fixture.nextEvent('workerReady')).toMatchObject({ workerId: 1 });
    expect(await inFlight.ended).toBeUndefined();
    expect(inFlight.body).toBe('begun, and answered');
    const exit = await fixture.nextEvent('workerExit');
    expect(exit).toMatchObject({
      pid,
      reason: 'crashed',
      code: 1,
      error: { message: 'a bug in the app', stack: expect.stringContaining('crash.mjs') as string },
    });
    expect(await statusOf(fixture)).toMatchObject({ ready: 1, restarts: { crashed: 1 } });
    expect(occurrences(fixture.output, 'Error: a bug in the app\\n')).toBe(1);
    expect(isAlive(pid)).toBe(false);
  },
);

test.for([
  { way: 'exit', reason: 'crashed', code: 5, signal: null },
  { way: 'exit-clean', reason: 'exited', code: 0, signal: null },
  { way: 'abort', reason: 'crashed', code: null, signal: 'SIGABRT' },
])('$way is counted as $reason', async ({ way, reason, code, signal }) => {
  const fixture = await startServing('crash.mjs', { workers: 1 });

  await probe(`${fixture.url}${way}`).catch((error: unknown) => error);

  expect(await fixture.nextEvent('workerExit')).toMatchObject({
    workerId: 1,
    reason,
    code,
    signal,
  });
  expect(await fixture.nextEvent('workerReady')).toMatchObject({ workerId: 1 });
  expect((await statusOf(fixture)).restarts).toEqual({ [reason]: 1 });
});
