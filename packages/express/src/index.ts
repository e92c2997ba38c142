// Any process: the public API of @corral/express. Explicit named exports, no logic.
export { clusterErrorHandler } from './cluster-error-handler.js';
export { clusterMiddleware } from './cluster-middleware.js';
export { healthRouter } from './health-router.js';
export type { ClusterErrorHandler } from './cluster-error-handler.js';
export type { ClusterMiddlewareOptions } from './options.js';
export type { ClusterMiddleware } from './middleware.js';
