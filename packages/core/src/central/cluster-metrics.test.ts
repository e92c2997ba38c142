import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readPrometheusText, seriesOf } from '../../test/prometheus-reader.js';
import type { ClusterStatus, WorkerStatus } from '../cluster.js';
import { createOffloadStatistics } from '../offload/offload-statistics.js';
import type { OffloadStatus } from '../offload/offload.js';
import { clusterMetrics } from './cluster-metrics.js';
import { createMetricsAggregator } from './metrics-aggregator.js';
import { prometheusText } from './prometheus-text.js';

function workerOf(workerId: number, changes: Partial<WorkerStatus> = {}): WorkerStatus {
  return {
    workerId,
    pid: 4_000 + workerId,
    generation: 3,
    state: 'ready',
    uptimeMs: 1_000,
    rssBytes: 100,
    heapUsedBytes: 10,
    cpuRatio: 0.25,
    eventLoopUtilizationRatio: 0.5,
    eventLoopDelayP99Ms: 2,
    connections: 4,
    requests: 7,
    messages: { waiting: 1, dropped: 2, malformed: 3 },
    ...changes,
  };
}

function offloadOf(name: string): OffloadStatus {
  const statistics = createOffloadStatistics();
  statistics.waited(3);
  statistics.ran(70);
  statistics.ran(400);
  statistics.ended('timedOut');
  statistics.terminated('timeout');
  const gauges = { threads: 3, running: 2, queued: 5, maxQueue: 512 };
  return {
    grantedThreads: 4,
    utilizationRatio: 0.5,
    modules: [{ name, ...gauges, ...statistics.snapshot() }],
  };
}

function statusOf(changes: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    role: 'primary',
    pid: 3_999,
    nodeVersion: 'v24.1.0',
    uptimeMs: 61_500,
    generation: 3,
    desired: 2,
    ready: 1,
    draining: 1,
    balance: { mode: 'slots', reason: 'test' },
    restarts: { 'recycled-memory': 2, crashed: 1 },
    requests: 20,
    workers: [workerOf(1), workerOf(2, { state: 'stalled' })],
    ...changes,
  };
}

/** All series of a status, read from the text. */
function metricsOf(status: ClusterStatus): Readonly<Record<string, number>> {
  const seats = createMetricsAggregator().seats(status.workers);
  const text = prometheusText(clusterMetrics(status, seats));
  return Object.fromEntries(seriesOf(readPrometheusText(text)));
}

describe('the metrics of a cluster', () => {
  it('tell its state in base units', () => {
    const metrics = metricsOf(statusOf());
    expect(metrics).toMatchObject({
      'corral_info{role=primary,node_version=v24.1.0,balance=slots}': 1,
      corral_uptime_seconds: 61.5,
      corral_generation: 3,
      corral_workers_desired: 2,
      corral_workers_ready: 1,
      corral_workers_draining: 1,
      corral_workers_stalled: 1,
      corral_requests_total: 20,
      'corral_worker_restarts_total{reason=recycled-memory}': 2,
      'corral_worker_restarts_total{reason=crashed}': 1,
      // Told before it happens the first time.
      'corral_worker_restarts_total{reason=oom-killed}': 0,
    });
    expect(Object.keys(metrics).join()).not.toMatch(/config|offload/);
  });

  it('tell of each worker, by its number and never by its pid', () => {
    const metrics = metricsOf(statusOf());
    expect(metrics).toMatchObject({
      'corral_worker_resident_memory_bytes{worker=1}': 100,
      'corral_worker_heap_used_bytes{worker=2}': 10,
      'corral_worker_cpu_ratio{worker=1}': 0.25,
      'corral_worker_event_loop_utilization_ratio{worker=1}': 0.5,
      'corral_worker_event_loop_delay_p99_seconds{worker=1}': 0.002,
      'corral_worker_connections{worker=1}': 4,
      'corral_worker_requests_total{worker=1}': 7,
      'corral_worker_messages_waiting{worker=1}': 1,
      'corral_worker_messages_dropped_total{worker=1}': 2,
      'corral_worker_messages_malformed_total{worker=1}': 3,
    });
    expect(JSON.stringify(metrics)).not.toMatch(/400\d/);
  });

  it('have one series for a worker that is being replaced', () => {
    const old = workerOf(1, { state: 'draining', eventLoopUtilizationRatio: 0.9, cpuRatio: 1 });
    const next = workerOf(1, { generation: 4, eventLoopDelayP99Ms: 30 });
    expect(metricsOf(statusOf({ workers: [old, next] }))).toMatchObject({
      'corral_worker_resident_memory_bytes{worker=1}': 200,
      'corral_worker_cpu_ratio{worker=1}': 1.25,
      'corral_worker_connections{worker=1}': 8,
      'corral_worker_event_loop_utilization_ratio{worker=1}': 0.9,
      'corral_worker_event_loop_delay_p99_seconds{worker=1}': 0.03,
      'corral_worker_requests_total{worker=1}': 14,
    });
  });

  it('do not take figures that are not known yet for zero', () => {
    const booting = workerOf(1, {
      state: 'booting',
      rssBytes: 0,
      heapUsedBytes: 0,
      connections: 0,
    });
    const metrics = metricsOf(statusOf({ workers: [booting] }));
    expect(metrics).not.toHaveProperty('corral_worker_resident_memory_bytes{worker=1}');
    expect(metrics).toHaveProperty('corral_worker_connections{worker=1}', 0);
    expect(metricsOf(statusOf({ workers: [booting, workerOf(1)] }))).toMatchObject({
      'corral_worker_resident_memory_bytes{worker=1}': 100,
    });
  });

  it('tell of the configuration when there is one', () => {
    const config = { version: 12, value: { secret: 'x' }, processes: {} };
    expect(metricsOf(statusOf({ config }))).toMatchObject({
      corral_config_version: 12,
      corral_config_problem: 0,
    });
    const problem = 'the file "a" is invalid';
    expect(metricsOf(statusOf({ config: { ...config, problem } }))).toHaveProperty(
      'corral_config_problem',
      1,
    );
  });

  it('tell of offloading by module, all processes together', () => {
    expect(metricsOf(statusOf({ offload: offloadOf('images') }))).toMatchObject({
      corral_offload_granted_threads: 4,
      corral_offload_utilization_ratio: 0.5,
      'corral_offload_threads{module=images}': 3,
      'corral_offload_running{module=images}': 2,
      'corral_offload_queued{module=images}': 5,
      'corral_offload_queue_limit{module=images}': 512,
      'corral_offload_calls_total{module=images,end=timed_out}': 1,
      'corral_offload_calls_total{module=images,end=completed}': 0,
      'corral_offload_terminations_total{module=images,reason=timeout}': 1,
      'corral_offload_terminations_total{module=images,reason=crashed}': 0,
      'corral_offload_wait_seconds_bucket{module=images,le=0.0025}': 0,
      'corral_offload_wait_seconds_bucket{module=images,le=0.005}': 1,
      'corral_offload_wait_seconds_count{module=images}': 1,
      'corral_offload_run_seconds_bucket{module=images,le=0.1}': 1,
      'corral_offload_run_seconds_bucket{module=images,le=+Inf}': 2,
      'corral_offload_run_seconds_sum{module=images}': 0.47,
    });
  });

  it('are named as docs/metrics.md says, and as is the custom', () => {
    const config = { version: 1, value: {}, processes: {} };
    const metrics = clusterMetrics(statusOf({ config, offload: offloadOf('a') }), []);
    const docs = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
    const documented = [...docs.matchAll(/^\| `(corral_\w+)` +\| (\w+) /gm)];
    expect(documented.map(([, name, type]) => `${name} ${type}`).sort()).toEqual(
      metrics.map(({ name, type }) => `${name} ${type}`).sort(),
    );
    for (const { name, type, help } of metrics) {
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(help).toMatch(/\w.*\.$/);
    }
  });
});
