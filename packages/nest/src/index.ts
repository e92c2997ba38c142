// Any process: the public API of @corral/nest. Explicit named exports, no logic.
export { bootstrap } from './bootstrap.js';
export { ClusterBootstrap } from './cluster-bootstrap.js';
export { Cluster } from './cluster-token.js';
export { ClusterErrorFilter } from './cluster-error-filter.js';
export { ClusterHealthIndicator } from './cluster-health-indicator.js';
export { ClusterModule } from './cluster-module.js';
export { ConfigChannel } from './config-channel-token.js';
export { liveConfig } from './live-config.js';
export { indicatorCheck } from './indicator-check.js';
export type { ClusterIndicatorResult } from './cluster-health-indicator.js';
export type { ClusterModuleExtras, ClusterModuleOptions } from './cluster-module-definition.js';
export type { IndicatorResult } from './indicator-check.js';
export type { NestBootstrapOptions } from './options.js';
