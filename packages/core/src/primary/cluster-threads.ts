// Primary: the task threads of the cluster: the workers' grants, and the primary's own threads among them.
import type { Cluster } from '../cluster.js';
import type { Logger } from '../logger.js';
import { createOffload } from '../offload/create-offload.js';
import type { OffloadStatus } from '../offload/offload.js';
import { createThreadGrants } from './thread-grants.js';
import type { ThreadGrants } from './thread-grants.js';

export interface ClusterThreads extends Pick<ThreadGrants, 'update'> {
  readonly offload: Cluster['offload'];
  /** Of the primary's own threads; undefined when it has not offloaded anything. */
  status(): OffloadStatus | undefined;
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
    status: own.status,
  };
}
