// Any process that runs the app: what ClusterModule.forRoot() and forRootAsync() take.
import type { Cluster, HealthPaths } from '@corral/core';
import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { ConfigurableModuleCls } from '@nestjs/common';
import { invalidModuleOption } from './errors.js';

export interface ClusterModuleOptions {
  /** Where the health routes are; `false` adds none. Default `/livez`, `/readyz`, `/startupz`, `/health`. */
  readonly health?: HealthPaths | false;
  /** What to inject as `Cluster`. Default: this process's cluster, `getCluster()`. */
  readonly cluster?: Cluster;
}

/**
 * The cluster that the options name, if any.
 *
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option; `health` is checked with its routes
 */
export function clusterOf(options: ClusterModuleOptions): Cluster | undefined {
  for (const [option, value] of Object.entries(options)) {
    if (option !== 'health' && option !== 'cluster') {
      throw invalidModuleOption(option, value, 'no such option; check its spelling');
    }
  }
  const cluster: unknown = options.cluster;
  if (cluster === undefined) return undefined;
  if (typeof cluster !== 'object' || cluster === null || !('health' in cluster)) {
    throw invalidModuleOption('cluster', cluster, 'the Cluster that bootstrap() made, or nothing');
  }
  return cluster as Cluster;
}

export interface ClusterModuleExtras {
  /** Whether `Cluster` can be injected in every module. Default true. */
  readonly isGlobal: boolean;
}

const definition = new ConfigurableModuleBuilder<ClusterModuleOptions>({ moduleName: 'Cluster' })
  .setClassMethodName('forRoot')
  .setExtras<ClusterModuleExtras>({ isGlobal: true }, (module, { isGlobal }) => ({
    ...module,
    global: isGlobal,
  }))
  .build();

export const ConfigurableClusterModule: ConfigurableModuleCls<
  ClusterModuleOptions,
  'forRoot',
  'create',
  ClusterModuleExtras
> = definition.ConfigurableModuleClass;

export const CLUSTER_MODULE_OPTIONS: string | symbol = definition.MODULE_OPTIONS_TOKEN;
