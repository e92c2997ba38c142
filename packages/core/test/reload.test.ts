// Process tests: reload() under load, and reloads that fail.
import { expect, test } from 'vitest';
import { startLoad, waitUntilGone } from '@corral/test-kit';
import { call, pidsOf, startServing, statusOf, toldCounts } from './support.js';

const QUICK = { minUptimeMs: 100 };

test.for(['keep-alive', 'new'] as const)(
  'reloads under load lose no request (%s connections)',
  async (connections) => {
    const fixture = await startServing('serve.mjs', { workers: 2, ...QUICK });
    const load = startLoad({ url: `${fixture.url}?delayMs=5`, connections });
    await load.answered(50);

    let lastPids = pidsOf(fixture.status);
    for (const generation of [2, 3]) {
      expect(await call(fixture, 'reload')).toMatchObject({
        ok: true,
        value: { generation, replaced: 2, failed: 0 },
      });
      expect(await fixture.nextEvent('reload')).toMatchObject({ generation, replaced: 2 });
      for (const pid of lastPids) {
        const exit = await fixture.nextEvent('workerExit', (each) => each['pid'] === pid);
        expect(exit).toMatchObject({ reason: 'reload', code: 0 });
      }
      await waitUntilGone(lastPids);
      const status = await statusOf(fixture);
      expect(status).toMatchObject({ generation, desired: 2, ready: 2 });
      expect(status.workers.map(({ workerId }) => workerId)).toEqual([1, 2]);
      expect(status.workers.map((worker) => worker.generation)).toEqual([generation, generation]);
      lastPids = pidsOf(status);
      await load.answered(50);
    }

    const { failures, refused, ok, byWorker } = await load.stop();
    expect(failures).toEqual([]);
    expect(refused).toBe(0);
    expect(Object.keys(byWorker).sort()).toEqual(['1', '2']);
    expect((await statusOf(fixture)).restarts).toEqual({ reload: 4 });

    fixture.kill('SIGTERM');
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    expect(toldCounts(fixture.stdout)).toEqual({ received: ok, answered: ok });
  },
);

test('POSTs under load survive a reload', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2, ...QUICK });
  const body = 'x'.repeat(20_000);
  const load = startLoad({ url: fixture.url, connections: 'keep-alive', method: 'POST', body });
  await load.answered(50);

  await call(fixture, 'reload', { concurrency: 2 });
  await waitUntilGone(pidsOf(fixture.status));

  const { failures, ok, byStatus } = await load.stop();
  expect(failures).toEqual([]);
  expect(byStatus).toEqual({ 200: ok });
});

test.for(['SIGHUP', 'SIGUSR2'] as const)('%s to the primary reloads', async (signal) => {
  const fixture = await startServing('serve.mjs', { workers: 2, ...QUICK });

  fixture.kill(signal);

  expect(await fixture.nextEvent('reload')).toMatchObject({
    generation: 2,
    replaced: 2,
    failed: 0,
  });
  await waitUntilGone(pidsOf(fixture.status));
});

test.for([
  { way: 'throws', reason: 'boot-failed', message: /generation 2 is broken/ },
  { way: 'crashesSoon', reason: 'crashed', message: /generation 2 is broken/ },
  // The good generations must boot within it too, on a busy machine.
  { way: 'neverReady', reason: 'boot-timeout', message: /within bootTimeoutMs/, timeoutMs: 5_000 },
  { way: 'failingCheck', reason: 'boot-timeout', message: /checks: database/, timeoutMs: 5_000 },
])('a reload whose workers fail ($way) stops; the old ones go on serving', async (failure) => {
  const { way, reason, message, timeoutMs = 30_000 } = failure;
  const fixture = await startServing(
    'reload-breaks.mjs',
    { workers: 2, minUptimeMs: 1_000, bootTimeoutMs: timeoutMs },
    { env: { WAY: way } },
  );
  const load = startLoad({ url: fixture.url, connections: 'keep-alive', concurrency: 4 });
  await load.answered(20);

  const outcome = await call(fixture, 'reload');

  expect(outcome).toMatchObject({
    ok: false,
    error: {
      code: 'RELOAD_ABORTED',
      details: {
        generation: 2,
        replaced: 0,
        failed: 1,
        reason,
        error: { message: expect.stringMatching(message) as string },
      },
    },
  });
  // The canary alone was tried.
  expect(fixture.output.match(/of generation 2 boots/g)).toHaveLength(1);
  expect(await fixture.nextEvent('workerExit')).toMatchObject({ generation: 2, reason });
  await load.answered(20);
  const { failures } = await load.stop();
  expect(failures).toEqual([]);
  const status = await statusOf(fixture);
  expect(pidsOf(status)).toEqual(pidsOf(fixture.status));
  expect(status.workers.map(({ state }) => state)).toEqual(['ready', 'ready']);

  // The next release is good.
  expect(await call(fixture, 'reload')).toMatchObject({
    ok: true,
    value: { generation: 3, replaced: 2 },
  });
  await waitUntilGone(pidsOf(fixture.status));
});

test('SIGTERM during a reload ends it cleanly: nobody left, exit 0', async () => {
  const fixture = await startServing(
    'reload-breaks.mjs',
    { workers: 2 },
    { env: { WAY: 'neverReady' } },
  );
  const load = startLoad({ url: fixture.url, connections: 'keep-alive', concurrency: 4 });
  await load.answered(20);
  const reload = call(fixture, 'reload');
  await fixture.waitForOutput(/of generation 2 boots/);
  const pids = fixture.family();
  expect(pids).toHaveLength(4);

  fixture.kill('SIGTERM');

  expect(await reload).toMatchObject({ ok: false });
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  await waitUntilGone(pids);
  const { failures } = await load.finished;
  // A new connection may come too late; see shutdown.test.ts.
  expect(failures.filter(({ isNewConnection }) => !isNewConnection)).toEqual([]);
});

test('reload({ concurrency: 0 }) is refused', async () => {
  const fixture = await startServing('serve.mjs', { workers: 1 });

  expect(await call(fixture, 'reload', { concurrency: 0 })).toMatchObject({
    ok: false,
    error: { code: 'INVALID_ARGUMENT' },
  });
});
