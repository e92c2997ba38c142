// Any process that runs the app: core's health routes as a middleware.
import type { ServerResponse } from 'node:http';
import type { Cluster, HealthRequest, ResolvedHealthPaths } from '@corral/core';
import type { ClusterMiddleware } from './middleware.js';
import { resolveMiddlewareOptions } from './options.js';
import type { ClusterMiddlewareOptions } from './options.js';

/**
 * The health routes alone, for a path or an app of their own: `app.use('/internal', healthRouter())`.
 * Answers GET and HEAD; everything else goes on to the app.
 *
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option.
 */
export function healthRouter(options: ClusterMiddlewareOptions = {}): ClusterMiddleware {
  const { cluster, health } = resolveMiddlewareOptions(options, 'healthRouter()');
  return createHealthRouter(cluster, health);
}

export function createHealthRouter(
  cluster: () => Cluster,
  paths: ResolvedHealthPaths,
): ClusterMiddleware {
  const known = new Set(
    Object.values(paths).flatMap((path) => (path === false ? [] : [withoutSlash(path)])),
  );
  return (request, response, next) => {
    const { method = '', url = '', headers } = request;
    // The app's own requests pass here too: one look at the path, and no promise, for those.
    if ((method !== 'GET' && method !== 'HEAD') || !known.has(pathOf(url))) {
      next();
      return;
    }
    void answer(cluster(), { method, url, accept: headers.accept }, paths, response).then(
      (answered) => {
        if (!answered) next();
      },
      next,
    );
  };
}

async function answer(
  cluster: Cluster,
  request: HealthRequest,
  paths: ResolvedHealthPaths,
  response: ServerResponse,
): Promise<boolean> {
  const answer = await cluster.health.respond(request, paths);
  if (answer === undefined) return false;
  response.writeHead(answer.status, answer.headers).end(answer.body);
  return true;
}

function pathOf(url: string): string {
  const queryAt = url.indexOf('?');
  return withoutSlash(queryAt < 0 ? url : url.slice(0, queryAt));
}

/** Health routes answer with a slash at the end and without. */
function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
