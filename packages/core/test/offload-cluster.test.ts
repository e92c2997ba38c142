// Process tests: the threads of a whole cluster: one budget, and their place in a shutdown.
import { expect, test } from 'vitest';
import type { ClusterStatus } from '@corral/core';
import { freePort, probe, probeJson, waitFor } from '@corral/test-kit';
import { readPrometheusText, seriesOf } from './prometheus-reader.js';
import { call, startServing, statusOf } from './support.js';
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

const NAMES = ['running', 'queued', 'aborted', 'timedOut'] as const;

/** Resolves when the one worker's calls of `tasks` are at that. */
async function tasksReach(
  fixture: ServingFixture,
  wanted: Partial<Record<(typeof NAMES)[number], number>>,
): Promise<void> {
  await waitFor(
    async () => {
      const [worker] = (await statusOf(fixture)).workers;
      const tasks = worker?.offload?.modules.find(({ name }) => name === 'tasks');
      return NAMES.every((name) => wanted[name] === undefined || tasks?.[name] === wanted[name]);
    },
    { what: () => `calls that are at ${JSON.stringify(wanted)}` },
  );
}

type Series = ReadonlyMap<string, number>;

async function scrape(adminPort: number): Promise<Series> {
  const { status, headers, body } = await probe(`http://127.0.0.1:${adminPort}/metrics`);
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  return seriesOf(readPrometheusText(body));
}

/** The counters, histograms among them, that have fallen or gone. */
function fallen(before: Series, after: Series): readonly string[] {
  return [...before]
    .filter(([name]) => /_(?:total|bucket|sum|count)(?:\{|$)/.test(name))
    .filter(([name, value]) => (after.get(name) ?? -1) < value)
    .map(([name]) => name);
}

test('processes share the threads, whoever comes and goes, tell what they did, and finish calls before the app closes', async () => {
  const adminPort = await freePort();
  const fixture = await startServing('offload-cluster.mjs', {
    admin: { port: adminPort },
    // One is stopped below, for as long as the test takes.
    stallMs: 0,
  });
  // The first readiness waited for the eager threads.
  expect(fixture.status).toMatchObject({ ready: 2 });
  expect(await fixture.nextEvent('sum')).toMatchObject({ sum: 5 });

  // Four threads: one for the primary, which offloads as well, and three for two workers.
  const shared = await grants(fixture, [2, 1]);
  expect(shared.offload?.modules.map(({ name }) => name)).toEqual(['own', 'tasks']);

  expect(await call(fixture, 'scale', 1)).toMatchObject({ ok: true });
  await fixture.nextEvent('workerExit', (each) => each['workerId'] === 2);
  const [alone] = (await grants(fixture, [2])).workers;
  // What the other one has done in its drain is counted, too.
  expect(Object.fromEntries(await scrape(adminPort))).toMatchObject({
    corral_workers_ready: 1,
    'corral_offload_calls_total{module=own,end=completed}': 1,
    'corral_offload_calls_total{module=tasks,end=completed}': 1,
    'corral_offload_run_seconds_count{module=tasks}': 1,
  });

  // Two calls run, one waits, until its client hangs up; then another waits.
  const answered = [probe(`${fixture.url}wait`), probe(`${fixture.url}wait`)];
  await tasksReach(fixture, { running: 2, queued: 0 });
  const runningMs = performance.now();
  const leaving = new AbortController();
  const left = probe(`${fixture.url}wait`, { signal: leaving.signal });
  left.catch(() => undefined);
  await tasksReach(fixture, { running: 2, queued: 1 });
  leaving.abort();
  await tasksReach(fixture, { running: 2, queued: 0, aborted: 1 });
  answered.push(probe(`${fixture.url}wait`));
  await tasksReach(fixture, { running: 2, queued: 1 });
  const waitingMs = performance.now();
  const busy = await waitFor(
    async () => {
      const status = await statusOf(fixture);
      // As a sum of fractions it may be a trifle less than all.
      return (status.workers[0]?.offload?.utilizationRatio ?? 0) > 0.999 && status;
    },
    { what: () => 'a worker whose threads are all in use' },
  );
  const shareInUse = 2 / busy.offload!.grantedThreads;
  expect(busy.offload?.utilizationRatio).toBeCloseTo(shareInUse, 1);
  const whileBusy = await scrape(adminPort);
  expect(Object.fromEntries(whileBusy)).toMatchObject({
    'corral_offload_running{module=tasks}': 2,
    'corral_offload_queued{module=tasks}': 1,
    'corral_offload_queue_limit{module=tasks}': 256,
    'corral_offload_threads{module=tasks}': 2,
  });
  expect(whileBusy.get('corral_offload_utilization_ratio')).toBeCloseTo(shareInUse, 1);
  const [ranMs, waitedMs] = [performance.now() - runningMs, performance.now() - waitingMs];
  await probe(`${fixture.url}unlock`);
  for (const { body } of await Promise.all(answered)) expect(body).toBe('slept');
  expect((await probe(`${fixture.url}late`)).body).toBe('OFFLOAD_TIMEOUT');

  // As its last heartbeat tells, and so after its end.
  await tasksReach(fixture, { running: 0, timedOut: 1 });
  const before = await scrape(adminPort);
  process.kill(alone!.pid, 'SIGKILL');
  await fixture.nextEvent('workerExit', (each) => each['pid'] === alone!.pid);
  await fixture.nextEvent(
    'workerReady',
    (each) => each['workerId'] === 1 && each['pid'] !== alone!.pid,
  );
  const [next] = (await grants(fixture, [2])).workers;
  expect(next!.pid).not.toBe(alone!.pid);
  const after = await scrape(adminPort);
  expect(fallen(before, after)).toEqual([]);
  expect(Object.fromEntries(after)).toMatchObject({
    'corral_worker_restarts_total{reason=killed}': 1,
    'corral_offload_calls_total{module=tasks,end=completed}': 4,
    'corral_offload_calls_total{module=tasks,end=aborted}': 1,
    'corral_offload_calls_total{module=tasks,end=timed_out}': 1,
    'corral_offload_terminations_total{module=tasks,reason=timeout}': 1,
    'corral_offload_terminations_total{module=tasks,reason=aborted}': 0,
    // Of the calls that were taken back, none had begun.
    'corral_offload_wait_seconds_count{module=tasks}': 5,
    'corral_offload_run_seconds_count{module=tasks}': 5,
    'corral_offload_run_seconds_bucket{module=tasks,le=+Inf}': 5,
  });
  expect(after.get('corral_requests_total')).toBeGreaterThanOrEqual(6);
  const seconds = (of: string): number =>
    after.get(`corral_offload_${of}_seconds_sum{module=tasks}`)!;
  expect(seconds('run')).toBeGreaterThanOrEqual((2 * ranMs) / 1_000);
  expect(seconds('wait')).toBeGreaterThanOrEqual(waitedMs / 1_000);
  expect(seconds('wait')).toBeLessThan(seconds('run'));

  // Nobody asks a worker, so one that does not answer holds nobody up.
  process.kill(next!.pid, 'SIGSTOP');
  const whileStopped = await scrape(adminPort);
  process.kill(next!.pid, 'SIGCONT');
  expect(fallen(after, whileStopped)).toEqual([]);
  expect(whileStopped.get('corral_worker_resident_memory_bytes{worker=1}')).toBeGreaterThan(1e7);

  if (process.platform === 'linux') {
    const { json } = await probeJson(`${fixture.url}nice`);
    const [thread, main] = json as [number, number];
    expect(thread).toBe(Math.min(main + 5, 19));
  }

  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  // The worker that was scaled away, and the last one. Between their lines others may write.
  expect(fixture.output.match(/^(?:task finished|resources closed)$/gm)).toEqual([
    'task finished',
    'resources closed',
    'task finished',
    'resources closed',
  ]);
});
