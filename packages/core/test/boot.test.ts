// Process tests: a cluster's start, who its processes are, and what they write.
import fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { freePort, probe, waitFor, waitUntilGone } from '@corral/test-kit';
import { temporaryDirectory } from './balance-support.js';
import { logLines, occurrences, pidsOf, start, startServing, statusOf } from './support.js';

function identities(output: string): Array<Record<string, unknown>> {
  return [...output.matchAll(/^identity (.*)$/gm)].map(
    ([, json = '']) => JSON.parse(json) as Record<string, unknown>,
  );
}

test('bootstrap() resolves when every worker is ready, and status() tells all about them', async () => {
  const fixture = await startServing('serve.mjs', { workers: 3 });

  const { status } = fixture;
  expect(status).toMatchObject({
    role: 'primary',
    pid: fixture.pid,
    generation: 1,
    desired: 3,
    ready: 3,
    draining: 0,
    restarts: {},
  });
  expect(status.workers.map(({ workerId }) => workerId)).toEqual([1, 2, 3]);
  expect(new Set(pidsOf(status)).size).toBe(3);
  for (const worker of status.workers) {
    expect(worker).toMatchObject({ generation: 1, state: 'ready' });
    expect(worker.rssBytes).toBeGreaterThan(10_000_000);
    expect(worker.heapUsedBytes).toBeGreaterThan(1_000_000);
    expect(worker.uptimeMs).toBeGreaterThan(0);
  }
  const { body, headers } = await probe(fixture.url);
  expect(body).toBe(`worker ${String(headers['x-worker-id'])}: 0 bytes\n`);

  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  await waitUntilGone(pidsOf(status));
});

test('figures of heartbeats reach the status', async () => {
  const fixture = await startServing('serve.mjs', { workers: 1, heartbeatMs: 50 });
  for (let sent = 0; sent < 5; sent++) await probe(fixture.url);

  const status = await waitFor(
    async () => {
      const latest = await statusOf(fixture);
      const [worker] = latest.workers;
      return worker?.requests === 5 && worker.connections === 0 && latest;
    },
    { what: () => 'five requests and no connection' },
  );
  expect(status.requests).toBe(5);
});

test('every process knows who it is, by its handle and by its environment', async () => {
  const fixture = start('identity.mjs', { workers: 2 });
  const { status } = await fixture.nextEvent('started');
  await fixture.waitForOutput(/identity .*"primary"/);

  const all = identities(fixture.stdout);
  expect(all).toHaveLength(3);
  expect(all.find(({ role }) => role === 'primary')).toEqual({
    role: 'primary',
    workerId: 0,
    isCurrent: true,
  });
  for (const workerId of [1, 2]) {
    expect(all.find((each) => each['workerId'] === workerId)).toMatchObject({
      role: 'worker',
      generation: 1,
      env: [String(workerId), String(workerId - 1), null],
      isCurrent: true,
    });
  }
  const workerPids = all.filter(({ role }) => role === 'worker').map(({ pid }) => pid);
  expect(workerPids.sort()).toEqual(pidsOf(status as never).sort());
});

test("workers: 'auto' starts at least one worker and at most one per core", async () => {
  const fixture = await startServing('serve.mjs');

  expect(fixture.status.desired).toBeGreaterThanOrEqual(1);
  expect(fixture.status.desired).toBeLessThanOrEqual(availableParallelism());
  expect(fixture.status.ready).toBe(fixture.status.desired);
});

test('workers inherit execArgv; threadPoolSize becomes their UV_THREADPOOL_SIZE', async () => {
  const fixture = start(
    'identity.mjs',
    { workers: 1, threadPoolSize: 7 },
    { execArgv: ['--max-old-space-size=222'] },
  );
  await fixture.nextEvent('started');

  expect(identities(fixture.stdout).find(({ role }) => role === 'worker')).toMatchObject({
    env: ['1', '0', '7'],
    execArgv: ['--max-old-space-size=222'],
  });
});

test("workers' stdout and stderr flow; JSON log lines carry worker id and generation", async () => {
  const fixture = start('identity.mjs', { workers: 2 });
  await fixture.nextEvent('started');
  await fixture.waitForOutput(/worker 1 writes to stderr/);
  await fixture.waitForOutput(/worker 2 writes to stderr/);

  expect(fixture.stderr.split('\n').sort()).toEqual([
    '',
    'worker 1 writes to stderr',
    'worker 2 writes to stderr',
  ]);
  const ready = logLines(fixture.stdout).filter(({ msg }) => /^worker \d ready/.test(String(msg)));
  expect(ready.map(({ workerId }) => workerId).sort()).toEqual([1, 2]);
  const ofApps = logLines(fixture.stdout).filter(({ msg }) => msg === 'hello from the app');
  expect(ofApps.map(({ workerId }) => workerId).sort()).toEqual([1, 2]);
  for (const line of [...ready, ...ofApps]) expect(line).toMatchObject({ generation: 1 });
});

test('the admin server answers for the whole cluster, and only when asked for', async () => {
  const port = await freePort();
  const file = `${temporaryDirectory()}/slow`;
  const fixture = await startServing(
    'busy.mjs',
    { workers: 2, admin: { port, minReady: 2 } },
    { env: { SLOW_BOOT: file } },
  );
  const admin = `http://127.0.0.1:${port}`;

  expect(await probe(`${admin}/livez`)).toMatchObject({ status: 200 });
  expect(await probe(`${admin}/readyz`)).toMatchObject({ status: 200 });
  const { body, status } = await probe(`${admin}/status`);
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ role: 'primary', ready: 2, pid: fixture.pid });

  const [pid = 0] = pidsOf(fixture.status);
  fs.writeFileSync(file, '');
  process.kill(pid, 'SIGSTOP');
  process.kill(pid, 'SIGKILL');
  await fixture.waitForOutput(/boots slowly/);
  expect((await probe(`${admin}/readyz`)).status).toBe(503);
  expect((await probe(`${admin}/livez`)).status).toBe(200);
  fs.rmSync(file);
  await fixture.nextEvent('workerReady');
  expect((await probe(`${admin}/readyz`)).status).toBe(200);
});

test('an admin port that is taken is said at once, before anything is forked', async () => {
  const taken = await startServing('serve.mjs', { workers: 1 });
  const fixture = start('serve.mjs', { workers: 1, admin: { port: taken.port } });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(occurrences(fixture.output, `127.0.0.1:${taken.port}`)).toBeGreaterThan(0);
  expect(fixture.output).toContain('EADDRINUSE');
  expect(fixture.output).not.toContain('starting 1 worker');
});
