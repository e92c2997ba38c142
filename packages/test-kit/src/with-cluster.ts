// Unit tests: this process as it is once `bootstrap()` has made its cluster.
import { getCluster } from '@corral/core';
import type { Cluster } from '@corral/core';

const KEY = Symbol.for('corral.cluster');

/** `getCluster()` is `cluster` until `work` has ended. */
export async function withCluster(
  cluster: Cluster,
  work: () => void | Promise<void>,
): Promise<void> {
  const registry = globalThis as { [KEY]?: Cluster };
  const before = getCluster();
  registry[KEY] = cluster;
  try {
    await work();
  } finally {
    registry[KEY] = before;
  }
}
