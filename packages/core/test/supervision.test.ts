// Process tests: workers that end although nobody asked, and a primary that is killed.
import { expect, test } from 'vitest';
import { isAlive, probe, startLoad, waitUntilGone } from '@corral/test-kit';
import {
  occurrences,
  openStream,
  pidsOf,
  start,
  startServing,
  statusOf,
  toldCounts,
} from './support.js';

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

test('exits are counted by what they were, and each is followed by a replacement', async () => {
  const fixture = await startServing('crash.mjs', { workers: 1 });

  for (const { way, reason, code, signal } of [
    { way: 'exit', reason: 'crashed', code: 5, signal: null },
    { way: 'exit-clean', reason: 'exited', code: 0, signal: null },
    { way: 'abort', reason: 'crashed', code: null, signal: 'SIGABRT' },
  ]) {
    await probe(`${fixture.url}${way}`).catch((error: unknown) => error);

    const exit = await fixture.nextEvent('workerExit');
    expect(exit, way).toMatchObject({ workerId: 1, reason, code, signal });
    expect(await fixture.nextEvent('workerReady'), way).toMatchObject({ workerId: 1 });
  }
  expect((await statusOf(fixture)).restarts).toEqual({ crashed: 2, exited: 1 });
});
