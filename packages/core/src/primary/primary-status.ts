// Primary: the status of the whole cluster, put together from what is known here: no worker is asked, so none that
// hangs can delay it.
import type { ConfigService } from '../central/config-service.js';
import type { MetricsAggregator } from '../central/metrics-aggregator.js';
import type { StateSnapshots } from '../central/state-snapshots.js';
import type { ClusterStatus } from '../cluster.js';
import type { ClusterThreads } from './cluster-threads.js';
import type { Supervisor } from './supervisor.js';

export interface PrimaryStatusParts {
  readonly supervisor: Pick<Supervisor, 'status'>;
  readonly totals: MetricsAggregator;
  readonly threads: Pick<ClusterThreads, 'status'>;
  readonly config: Pick<ConfigService, 'status'> | undefined;
  readonly snapshots: Pick<StateSnapshots, 'status'> | undefined;
}

export function primaryStatus(parts: PrimaryStatusParts): ClusterStatus {
  const { totals, threads, config, snapshots } = parts;
  const supervised = parts.supervisor.status();
  const ofWorkers = supervised.workers.map((worker) => worker.offload);
  const offload = totals.offload([threads.status(), ...ofWorkers]);
  return {
    role: 'primary',
    pid: process.pid,
    nodeVersion: process.version,
    ...supervised,
    ...(offload === undefined ? {} : { offload }),
    ...(config === undefined ? {} : { config: config.status() }),
    ...(snapshots === undefined ? {} : { stateSnapshot: snapshots.status() }),
  };
}
