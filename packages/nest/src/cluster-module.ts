// Any process that runs the app: the Nest module: the injectable cluster and the health routes.
import { getCluster } from '@corral/core';
import { Module } from '@nestjs/common';
import type { DynamicModule, NestModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ClusterErrorFilter } from './cluster-error-filter.js';
import { ClusterHealthIndicator } from './cluster-health-indicator.js';
import {
  CLUSTER_MODULE_OPTIONS,
  clusterOf,
  ConfigurableClusterModule,
} from './cluster-module-definition.js';
import type { ClusterModuleExtras, ClusterModuleOptions } from './cluster-module-definition.js';
import { Cluster } from './cluster-token.js';
import { ConfigChannel } from './config-channel-token.js';
import { HealthRoutes } from './health-routes.js';

/**
 * Makes `Cluster`, `ConfigChannel` and {@link ClusterHealthIndicator} injectable, adds the health routes,
 * and answers Corral's own errors: `imports: [ClusterModule.forRoot()]`. A wrong option fails the application's
 * start with a `CorralError`, `INVALID_ARGUMENT`.
 */
@Module({
  providers: [
    {
      provide: Cluster,
      inject: [CLUSTER_MODULE_OPTIONS],
      useFactory: (options: ClusterModuleOptions): Cluster => clusterOf(options) ?? getCluster(),
    },
    {
      provide: ConfigChannel,
      inject: [Cluster],
      useFactory: ({ config }: Cluster): ConfigChannel => config,
    },
    ClusterHealthIndicator,
    HealthRoutes,
    { provide: APP_FILTER, useClass: ClusterErrorFilter },
  ],
  exports: [Cluster, ConfigChannel, ClusterHealthIndicator],
})
export class ClusterModule extends ConfigurableClusterModule implements NestModule {
  readonly #healthRoutes: HealthRoutes;

  constructor(healthRoutes: HealthRoutes) {
    super();
    this.#healthRoutes = healthRoutes;
  }

  static override forRoot(
    options: ClusterModuleOptions & Partial<ClusterModuleExtras> = {},
  ): DynamicModule {
    return super.forRoot(options);
  }

  // Nest calls this before it registers middleware and routes of its own, so a catch-all route of the app comes
  // after the probes, and on Express its middleware, too. Fastify has middleware in a hook of all routes, which it
  // has added before this module exists: there the app has to exclude them.
  configure(): void {
    this.#healthRoutes.register();
  }
}
