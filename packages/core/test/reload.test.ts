// Process tests: reload() under load, and reloads that fail.
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { startLoad, waitUntilGone } from '@corral/test-kit';
import { temporaryDirectory } from './balance-support.js';
import { call, pidsOf, startServing, statusOf, toldCounts } from './support.js';

const QUICK = { minUptimeMs: 100 };

test('reloads under load lose no request, however they are asked for', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2, ...QUICK });
  const url = `${fixture.url}?delayMs=5`;
  const body = 'x'.repeat(20_000);
  const loads = [
    startLoad({ url, connections: 'keep-alive', concurrency: 4 }),
    startLoad({ url, connections: 'new', concurrency: 4 }),
    startLoad({ url, connections: 'keep-alive', concurrency: 2, method: 'POST', body }),
  ];
  const answered = async (): Promise<unknown> =>
    await Promise.all(loads.map(async (load) => await load.answered(30)));
  await answered();

  const ways: ReadonlyArray<() => void> = [
    () => void call(fixture, 'reload'),
    () => fixture.kill('SIGHUP'),
    () => fixture.kill('SIGUSR2'),
    () => void call(fixture, 'reload', { concurrency: 2 }),
  ];
  let lastPids = pidsOf(fixture.status);
  for (const [index, reload] of ways.entries()) {
    const generation = index + 2;
    reload();
    expect(await fixture.nextEvent('reload')).toMatchObject({ generation, replaced: 2, failed: 0 });
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
    await answered();
  }

  const reports = await Promise.all(loads.map(async (load) => await load.stop()));
  for (const { failures, refused, byStatus, ok } of reports) {
    expect([failures, refused, byStatus]).toEqual([[], 0, { 200: ok }]);
  }
  // Not each load: two connections of one may come to the same worker every time.
  const byWorker = new Set(reports.flatMap((report) => Object.keys(report.byWorker)));
  expect([...byWorker].sort()).toEqual(['1', '2']);
  expect((await statusOf(fixture)).restarts).toEqual({ reload: 8 });

  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  const all = reports.reduce((sum, { ok }) => sum + ok, 0);
  expect(toldCounts(fixture.stdout)).toEqual({ received: all, answered: all });
});

/** Each in its generation, one after another; see the fixture. */
const FAILURES = [
  { generation: 2, reason: 'boot-failed', message: /generation 2 is broken/ },
  { generation: 3, reason: 'crashed', message: /generation 3 is broken/ },
  { generation: 4, reason: 'boot-timeout', message: /within bootTimeoutMs/ },
  { generation: 5, reason: 'boot-timeout', message: /checks: database/ },
] as const;

test('a reload whose workers fail stops; the old ones go on serving', async () => {
  const fixture = await startServing('reload-breaks.mjs', {
    workers: 2,
    minUptimeMs: 1_000,
    // The good generations must boot within it too, on a busy machine.
    bootTimeoutMs: 5_000,
  });
  const load = startLoad({ url: fixture.url, connections: 'keep-alive', concurrency: 4 });
  await load.answered(20);

  for (const { generation, reason, message } of FAILURES) {
    expect(await call(fixture, 'reload')).toMatchObject({
      ok: false,
      error: {
        code: 'RELOAD_ABORTED',
        details: {
          generation,
          replaced: 0,
          failed: 1,
          reason,
          error: { message: expect.stringMatching(message) as string },
        },
      },
    });
    // The canary alone was tried.
    const boots = new RegExp(`of generation ${generation} boots`, 'g');
    expect(fixture.output.match(boots)).toHaveLength(1);
    const exit = await fixture.nextEvent('workerExit', (each) => each['generation'] === generation);
    expect(exit).toMatchObject({ reason });
    await load.answered(20);
    const status = await statusOf(fixture);
    expect(pidsOf(status)).toEqual(pidsOf(fixture.status));
    expect(status.workers.map(({ state }) => state)).toEqual(['ready', 'ready']);
  }

  // The next release is good.
  expect(await call(fixture, 'reload')).toMatchObject({
    ok: true,
    value: { generation: 6, replaced: 2 },
  });
  await waitUntilGone(pidsOf(fixture.status));
  await load.answered(20);
  expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
});

test('SIGTERM during a reload ends it cleanly: nobody left, exit 0', async () => {
  const slowBoot = `${temporaryDirectory()}/slow`;
  const env = { SLOW_BOOT: slowBoot };
  const fixture = await startServing('busy.mjs', { workers: 2 }, { env });
  const load = startLoad({ url: fixture.url, connections: 'keep-alive', concurrency: 4 });
  await load.answered(20);
  fs.writeFileSync(slowBoot, '');
  const reload = call(fixture, 'reload');
  await fixture.waitForOutput(/boots slowly/);
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
