// Process tests: signals to the primary under load; no accepted request is lost, no process is left.
import { expect, onTestFinished, test } from 'vitest';
import { probe, startLoad, waitUntilGone } from '@corral/test-kit';
import type { LoadReport } from '@corral/test-kit';
import { MODES } from './balance-support.js';
import { call, occurrences, openStream, startServing, toldCounts } from './support.js';

/**
 * Every request that a worker received was answered, and no client lost one on a connection that had
 * been accepted before. A connection that still waits in the listener's queue when the last worker
 * closes it is reset: no app has seen it, and the next attempt is refused.
 */
function expectNoneLost(reports: readonly LoadReport[], stdout: string): void {
  const all = reports.reduce((sum, { ok }) => sum + ok, 0);
  expect(toldCounts(stdout)).toEqual({ received: all, answered: all });
  for (const failure of reports.flatMap(({ failures }) => failures)) {
    expect(failure).toMatchObject({ isNewConnection: true, code: 'ECONNRESET' });
  }
}

test('SIGTERM under load: every accepted request is answered', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2 });
  const pids = fixture.family();
  expect(pids).toHaveLength(3);
  const load = { url: `${fixture.url}?delayMs=10`, concurrency: 4 };
  const loads = [
    startLoad({ ...load, connections: 'keep-alive' }),
    startLoad({ ...load, connections: 'new' }),
    startLoad({ ...load, connections: 'keep-alive', method: 'POST', body: 'x'.repeat(5_000) }),
  ];
  await Promise.all(loads.map(async (each) => await each.answered(50)));

  fixture.kill('SIGTERM');

  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  await waitUntilGone(pids);
  // Every lane ends when it is refused a connection.
  const reports = await Promise.all(loads.map(async (each) => await each.finished));
  expectNoneLost(reports, fixture.stdout);
  expect(reports.map(({ refused }) => refused)).toEqual([4, 4, 4]);
});

test('responses during the drain tell keep-alive clients to leave', async () => {
  const fixture = await startServing('serve.mjs', { workers: 1, readinessDelayMs: 1_500 });
  const before = await probe(fixture.url, { headers: { connection: 'keep-alive' } });
  expect(before.headers.connection).toBe('keep-alive');

  fixture.kill('SIGTERM');
  await fixture.nextEvent('shutdown');

  // The worker hears of it a moment later; until readinessDelayMs is over it accepts connections.
  let during = before;
  while (during.headers.connection === 'keep-alive') {
    during = await probe(fixture.url, { headers: { connection: 'keep-alive' } });
  }
  expect(during).toMatchObject({ status: 200, headers: { connection: 'close' } });
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});

test('SIGINT to the whole process group (Ctrl-C) drains as SIGTERM to the primary does', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2 });
  const pids = fixture.family();
  const load = startLoad({ url: `${fixture.url}?delayMs=10`, connections: 'keep-alive' });
  await load.answered(50);

  fixture.killGroup('SIGINT');

  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  await waitUntilGone(pids);
  expectNoneLost([await load.finished], fixture.stdout);
  expect(fixture.output).not.toContain('cutting the shutdown short');
});

test('SIGTERM to the whole process group (systemd) replaces no worker', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2 });
  const pids = fixture.family();

  fixture.killGroup('SIGTERM');

  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  await waitUntilGone(pids);
  expect(fixture.events.filter(({ event }) => event === 'workerReady')).toEqual([]);
});

test.for(['SIGTERM', 'SIGINT'] as const)(
  'a second %s cuts the shutdown short: exit 1',
  async (signal) => {
    const fixture = await startServing('serve.mjs', { workers: 1, drainTimeoutMs: 3_600_000 });
    const pids = fixture.family();
    const hanging = await openStream(`${fixture.url}hold`);
    fixture.kill(signal);
    await fixture.nextEvent('shutdown');

    // Until it counts: right after the first it would be an echo, as npm makes of a Ctrl-C.
    const again = setInterval(() => fixture.kill(signal), 100);
    onTestFinished(() => clearInterval(again));

    expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
    await waitUntilGone(pids);
    expect(await hanging.ended).toMatchObject({ code: 'ECONNRESET' });
    expect(fixture.output).toContain(`${signal} again: cutting the shutdown short`);
  },
);

test('what is still open at drainTimeoutMs is cut: exit 1, and the log says how many', async () => {
  const fixture = await startServing(
    'serve.mjs',
    { workers: 1, drainTimeoutMs: 600 },
    { execArgv: ['--expose-gc'] },
  );
  const held = [1, 2, 3].map(async () => await openStream(`${fixture.url}hold`));
  const streams = await Promise.all(held);

  fixture.kill('SIGTERM');

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  for (const { ended } of streams) expect(await ended).toMatchObject({ code: 'ECONNRESET' });
  expect(fixture.output).toMatch(/worker 1 had to cut 3 connection\(s\)/);
});

test.for(MODES)('all workers go on accepting for readinessDelayMs (%s)', async (balance) => {
  const options = { workers: 3, balance, readinessDelayMs: 20_000 };
  const fixture = await startServing('serve.mjs', options);

  fixture.kill('SIGTERM');
  await fixture.nextEvent('shutdown');
  const { byWorker } = await startLoad({
    url: fixture.url,
    connections: 'new',
    requests: 60,
  }).finished;

  expect(Object.keys(byWorker).sort()).toEqual(['1', '2', '3']);
});

test('an uncaught error in a drain is the worker’s, which exits with 1', async () => {
  const fixture = await startServing('crash.mjs', { workers: 1, idleGraceMs: 50 });
  await probe(`${fixture.url}when-draining`);

  fixture.kill('SIGTERM');

  expect(await fixture.nextEvent('workerExit')).toMatchObject({ reason: 'shutdown', code: 1 });
  await fixture.waitForExit();
  expect(occurrences(fixture.output, 'Error: a bug in the app\\n')).toBe(1);
});

test('shutdown() called in the primary ends as SIGTERM does', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2 });
  const pids = fixture.family();

  expect(await call(fixture, 'shutdown', 'enough')).toEqual({ ok: true });

  expect(await fixture.nextEvent('shutdown')).toMatchObject({ reason: 'enough' });
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  await waitUntilGone(pids);
});

test('the message PM2 sends on systems without signals shuts down too', async () => {
  const fixture = await startServing('serve.mjs', { workers: 1 });

  fixture.send('shutdown');

  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});
