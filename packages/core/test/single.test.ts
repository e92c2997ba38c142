// Process tests: single-process mode: the same handle and the same drain, without workers.
import { expect, test } from 'vitest';
import { descendantsOf, freePort, probe, startLoad } from '@corral/test-kit';
import { readPrometheusText, seriesOf } from './prometheus-reader.js';
import {
  call,
  occurrences,
  openStream,
  start,
  startServing,
  statusOf,
  toldCounts,
} from './support.js';

test.for([
  { how: 'workers: 0', options: { workers: 0 }, env: {} },
  { how: 'CORRAL_SINGLE=1', options: { workers: 4 }, env: { CORRAL_SINGLE: '1' } },
])('$how runs the app in one process', async ({ options, env }) => {
  const admin = { port: await freePort() };
  const fixture = await startServing('serve.mjs', { ...options, admin, idleGraceMs: 50 }, { env });

  expect(descendantsOf(fixture.pid)).toEqual([]);
  expect(fixture.status).toMatchObject({
    role: 'single',
    pid: fixture.pid,
    desired: 1,
    ready: 1,
    balance: { mode: 'single' },
    workers: [{ workerId: 1, pid: fixture.pid, generation: 1, state: 'ready' }],
  });
  expect((await probe(fixture.url)).headers).toMatchObject({
    'x-worker-id': '1',
    'x-worker-pid': String(fixture.pid),
  });
  const { body } = await probe(`http://127.0.0.1:${admin.port}/metrics`);
  expect(Object.fromEntries(seriesOf(readPrometheusText(body)))).toMatchObject({
    [`corral_info{role=single,node_version=${fixture.status.nodeVersion},balance=single}`]: 1,
    corral_workers_ready: 1,
    corral_requests_total: 1,
    'corral_worker_requests_total{worker=1}': 1,
  });
  // A parent that waits for it, such as PM2 with wait_ready.
  await fixture.nextMessage((message) => message === 'ready');
});

test.for(['SIGTERM', 'SIGINT'] as const)(
  '%s drains under load: nothing is lost, exit 0',
  async (signal) => {
    const fixture = await startServing('serve.mjs', { workers: 0 });
    const load = startLoad({ url: `${fixture.url}?delayMs=10`, connections: 'keep-alive' });
    await load.answered(50);

    fixture.kill(signal);

    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    const { failures, ok } = await load.finished;
    expect(failures.filter(({ isNewConnection }) => !isNewConnection)).toEqual([]);
    expect(toldCounts(fixture.stdout)).toEqual({ received: ok, answered: ok });
  },
);

test('reload() and scale() say that there is nothing to do them with; shutdown() works', async () => {
  const fixture = await startServing('serve.mjs', { workers: 0 });

  for (const [method, ...args] of [['reload'], ['scale', 2]] as const) {
    expect(await call(fixture, method, ...args)).toMatchObject({
      ok: false,
      error: { code: 'SINGLE_PROCESS' },
    });
  }
  expect(await statusOf(fixture)).toMatchObject({ ready: 1 });
  await call(fixture, 'shutdown');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});

test('an app that throws ends with its stack, once, and exit code 1', async () => {
  const fixture = start('boot-fails.mjs', { workers: 0 }, { env: { WAY: 'throws' } });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(occurrences(fixture.output, 'Error: the app could not start\\n    at ')).toBe(1);
});

test('an app that throws undefined has failed, too', async () => {
  const fixture = start('boot-fails.mjs', { workers: 0 }, { env: { WAY: 'throwsNothing' } });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(fixture.output).toContain('the app failed');
});

test.for(['uncaught', 'rejection'])(
  'an uncaught error (%s) drains and ends with exit code 1',
  async (way) => {
    const fixture = await startServing('crash.mjs', { workers: 0, idleGraceMs: 50 });
    const inFlight = await openStream(`${fixture.url}late`);

    await probe(`${fixture.url}${way}`);

    expect(await inFlight.ended).toBeUndefined();
    expect(inFlight.body).toBe('begun, and answered');
    expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
    expect(occurrences(fixture.output, 'Error: a bug in the app\\n')).toBe(1);
  },
);
