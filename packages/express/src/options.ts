// Any process that runs the app: what the middleware takes; validated and defaulted once.
import { getCluster, resolveHealthPaths } from '@corral/core';
import type { Cluster, HealthPaths, ResolvedHealthPaths } from '@corral/core';
import { invalidMiddlewareOption } from './errors.js';

export interface ClusterMiddlewareOptions {
  /**
   * Where the health routes are, relative to where the middleware is mounted; `false` answers none.
   * Default `/livez`, `/readyz`, `/startupz`, `/health`.
   */
  readonly health?: HealthPaths | false;
  /** Default: this process's cluster, `getCluster()`. */
  readonly cluster?: Cluster;
}

export interface ResolvedMiddlewareOptions {
  readonly health: ResolvedHealthPaths;
  /**
   * Asked for each request: an app is often made at the top of a module, which runs before `bootstrap()` has
   * made the cluster.
   */
  readonly cluster: () => Cluster;
}

/**
 * @param call the function the user called, for errors
 * @throws {CorralError} `INVALID_ARGUMENT`, naming the option, its value and what was expected.
 */
export function resolveMiddlewareOptions(
  options: ClusterMiddlewareOptions,
  call: string,
): ResolvedMiddlewareOptions {
  for (const [option, value] of Object.entries(options)) {
    if (option !== 'health' && option !== 'cluster') {
      throw invalidMiddlewareOption(call, option, value, 'no such option; check its spelling');
    }
  }
  return Object.freeze({
    health: resolveHealthPaths(options.health, `${call}, options.health`),
    cluster: resolveCluster(options.cluster, call),
  });
}

function resolveCluster(given: unknown, call: string): () => Cluster {
  if (given === undefined) return getCluster;
  if (typeof given !== 'object' || given === null || !('health' in given)) {
    throw invalidMiddlewareOption(
      call,
      'cluster',
      given,
      'the Cluster that bootstrap() made, or nothing',
    );
  }
  return () => given as Cluster;
}
