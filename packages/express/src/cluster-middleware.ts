// Any process that runs the app: the Express middleware. Translates only; decisions are core's.
import type { IncomingMessage } from 'node:http';
import type { Cluster } from '@corral/core';
import { createHealthRouter } from './health-router.js';
import type { ClusterMiddleware } from './middleware.js';
import { resolveMiddlewareOptions } from './options.js';
import type { ClusterMiddlewareOptions } from './options.js';

/**
 * Health routes and `req.cluster`. Use it before everything else, so that probes meet neither
 * authentication nor body parsers: `app.use(clusterMiddleware())`.
 *
 * The drain needs no middleware: core finds the app's server by itself.
 *
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option.
 */
export function clusterMiddleware(options: ClusterMiddlewareOptions = {}): ClusterMiddleware {
  const { cluster, health } = resolveMiddlewareOptions(options, 'clusterMiddleware()');
  const router = createHealthRouter(cluster, health);
  return (request: IncomingMessage & { cluster?: Cluster }, response, next) => {
    request.cluster = cluster();
    router(request, response, next);
  };
}
