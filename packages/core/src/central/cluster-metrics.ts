// Primary or single process: the cluster's status as metrics; docs/metrics.md has the table. Pure.
import type { ClusterStatus, ExitReason } from '../cluster.js';
import type { SeatTotals } from './metrics-aggregator.js';
import { offloadMetrics } from './offload-metrics.js';
import type { Metric } from './prometheus-text.js';
import { workerMetrics } from './worker-metrics.js';

/** All of them are told, also those that have not happened: `increase()` does not see a series' first value. */
const RESTART_REASONS: Readonly<Record<Exclude<ExitReason, 'shutdown' | 'scale-down'>, true>> = {
  reload: true,
  terminated: true,
  'recycled-memory': true,
  'recycled-requests': true,
  'recycled-age': true,
  stalled: true,
  'boot-failed': true,
  'boot-timeout': true,
  crashed: true,
  killed: true,
  'oom-killed': true,
  exited: true,
};

export function clusterMetrics(
  status: ClusterStatus,
  seats: readonly SeatTotals[],
): readonly Metric[] {
  const { config, workers } = status;
  const stalled = workers.filter(({ state }) => state === 'stalled').length;
  return [
    {
      name: 'corral_info',
      help: 'Always 1; the labels tell what runs.',
      type: 'gauge',
      samples: [
        {
          labels: {
            role: status.role,
            node_version: status.nodeVersion,
            balance: status.balance.mode,
          },
          value: 1,
        },
      ],
    },
    gauge('uptime_seconds', 'How long the primary has supervised.', status.uptimeMs / 1_000),
    gauge('generation', 'The newest generation; each reload begins the next.', status.generation),
    gauge('workers_desired', 'How many workers there should be.', status.desired),
    gauge('workers_ready', 'Workers that serve.', status.ready),
    gauge('workers_draining', 'Workers that leave.', status.draining),
    gauge('workers_stalled', 'Workers that have been blocked or stopped for stallMs.', stalled),
    {
      name: 'corral_worker_restarts_total',
      help: 'Workers that ended otherwise than by a shutdown or a scale-down, by the reason.',
      type: 'counter',
      samples: Object.keys(RESTART_REASONS).map((reason) => ({
        labels: { reason },
        value: status.restarts[reason as ExitReason] ?? 0,
      })),
    },
    {
      name: 'corral_requests_total',
      help: 'Requests over all workers, those that are gone included.',
      type: 'counter',
      samples: [{ value: status.requests }],
    },
    ...workerMetrics(workers, seats),
    gauge('config_version', 'Version of the configuration.', config?.version),
    gauge(
      'config_problem',
      '1 while something of the configuration is not in force as it should be.',
      config === undefined ? undefined : Number(config.problem !== undefined),
    ),
    ...offloadMetrics(status.offload),
  ];
}

/** Without a value it is left out. */
function gauge(name: string, help: string, value: number | undefined): Metric {
  const samples = value === undefined ? [] : [{ value }];
  return { name: `corral_${name}`, help, type: 'gauge', samples };
}
