// Primary: the task threads of the cluster: the workers' grants, and the primary's own threads among them.
import type { Cluster, ClusterStatus, WorkerStatus } from '../cluster.js';
import type { Logger } from '../logger.js';
import { createOffload } from '../offload/create-offload.js';
import { mergeOffloadStatus } from '../offload/offload-statistics.js';
import { createThreadGrants } from './thread-grants.js';
import type { ThreadGrants } from './thread-grants.js';

export interface ClusterThreads extends Pick<ThreadGrants, 'update'> {
  readonly offload: Cluster['offload'];
  /** All processes' figures together. */
  status(workers: readonly WorkerStatus[]): Pick<ClusterStatus, 'offload'>;
}

export interface ClusterThreadsParts {
  readonly budgetThreads: number;
  readonly logger: Logger;
  readonly onShutdown: Cluster['onShutdown'];
  readonly drainTimeoutMs: number;
}

export function createClusterThreads({
  budgetThreads,
  ...parts
}: ClusterThreadsParts): ClusterThreads {
  const grants = createThreadGrants(budgetThreads);
  const own = createOffload({
    ...parts,
    claimThreads: async () =>
      await new Promise((resolve) => {
        grants.claimOwn((threads) => {
          resolve(threads);
          own.setThreads(threads);
        });
      }),
  });
  return {
    update: grants.update,
    offload: own.offload,
    status(workers) {
      const all = [own.status(), ...workers.map(({ offload }) => offload)];
      const known = all.filter((each) => each !== undefined);
      return known.length === 0 ? {} : { offload: mergeOffloadStatus(known) };
    },
  };
}
