// Any process that runs the app: what ClusterModule.forRoot() and forRootAsync() take.
import type { Cluster, HealthPaths } from '@corral/core';
import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { ConfigurableModuleCls } from '@nestjs/common';

export interface ClusterModuleOptions {
  /** Where the health routes are; `false` adds none. Default `/livez`, `/readyz`, `/startupz`, `/health`. */
  readonly health?: HealthPaths | false;
  /** What to inject as `Cluster`. Default: this process's cluster, `getCluster()`. */
  readonly cluster?: Cluster;
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
