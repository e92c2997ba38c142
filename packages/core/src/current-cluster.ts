// Any process: the one Cluster of this process, for adapters and for code far from `main`.
import type { Cluster } from './cluster.js';
import type { RegisteredConfig } from './config/config-channel.js';
import { createPassiveCluster } from './single/passive-cluster.js';

// Two copies of this package in one process (a hoisting accident, or ESM beside a bundled copy) must
// agree on the cluster, hence a global registry symbol and not a module variable.
const KEY = Symbol.for('corral.cluster');
const BOOTSTRAPPED = Symbol.for('corral.bootstrapped');
const registry = globalThis as { [KEY]?: Cluster; [BOOTSTRAPPED]?: true };

/**
 * This process's cluster.
 *
 * Where `bootstrap()` has not been called (an app under its own tests, a script that imports it), this
 * is a passive single-process cluster: ready at once, it takes no signals and starts nothing.
 */
export function getCluster<C = RegisteredConfig>(): Cluster<C> {
  registry[KEY] ??= createPassiveCluster();
  // What the configuration is, only the app knows.
  return registry[KEY] as Cluster<C>;
}

/** False when this process has been bootstrapped already. Called by `bootstrap()` only. */
export function claimProcess(): boolean {
  if (registry[BOOTSTRAPPED] === true) return false;
  registry[BOOTSTRAPPED] = true;
  return true;
}

/** Called by `bootstrap()` only. */
export function setCluster(cluster: Cluster): void {
  registry[KEY] = cluster;
}
