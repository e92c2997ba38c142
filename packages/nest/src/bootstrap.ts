// Any process: starts a Nest application on every core. Primary: supervises; worker: runs startApplication.
import { bootstrap as bootstrapCluster } from '@corral/core';
import type { Cluster } from '@corral/core';
import type { DynamicModule, Type } from '@nestjs/common';
import { bootstrapOptionsOf } from './cluster-bootstrap.js';
import { notAModule } from './errors.js';
import { resolveNestOptions } from './options.js';
import type { NestBootstrapOptions } from './options.js';
import { startApplication } from './start-application.js';

/**
 * Forks, and in every worker creates the application, listens and, in a shutdown, closes it once HTTP
 * has drained.
 *
 * @param options override those of `@ClusterBootstrap()` one by one
 * @throws {CorralError} `INVALID_OPTIONS` before anything is forked; otherwise as core's `bootstrap()`.
 */
export async function bootstrap(
  module: Type<unknown> | DynamicModule,
  options: NestBootstrapOptions = {},
): Promise<Cluster> {
  if (typeof module !== 'function' && (typeof module !== 'object' || module === null)) {
    throw notAModule(module);
  }
  const resolved = resolveNestOptions({ ...bootstrapOptionsOf(module), ...options });
  return await bootstrapCluster(
    async (cluster) => await startApplication(module, cluster, resolved.app),
    resolved.cluster,
  );
}
