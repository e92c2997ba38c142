// Primary or single process: whether the whole cluster is live and ready, from its status. Pure.
import type { ClusterStatus } from '../cluster.js';

export interface ClusterHealth {
  /**
   * Always true: a primary that can answer supervises, and restarting it because workers are down
   * would take away those that still serve.
   */
  readonly live: boolean;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reason?: string;
}

/** @param options.minReady from how many ready workers on the cluster is ready */
export function clusterHealth(
  status: Pick<ClusterStatus, 'desired' | 'ready'>,
  { minReady }: { readonly minReady: number },
): ClusterHealth {
  if (status.desired === 0) return { live: true, ready: false, reason: 'shutting down' };
  if (status.ready >= minReady) return { live: true, ready: true };
  return {
    live: true,
    ready: false,
    reason: `${status.ready} of at least ${minReady} workers ready`,
  };
}
