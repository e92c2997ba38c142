// Any process that runs the app: core's health routes as Fastify routes.
import type { Cluster, ResolvedHealthPaths } from '@corral/core';
import type { FastifyInstance, FastifySchema } from 'fastify';

// @fastify/swagger leaves out what has this.
const HIDDEN: FastifySchema & { readonly hide: true } = { hide: true };

export function addHealthRoutes(
  app: FastifyInstance,
  cluster: () => Cluster,
  paths: ResolvedHealthPaths,
): void {
  for (const path of Object.values(paths)) {
    if (path === false) continue;
    app.route({
      method: ['GET', 'HEAD'],
      url: path,
      // Probes come every few seconds, from several places.
      logLevel: 'warn',
      schema: HIDDEN,
      config: { corralHealth: true },
      handler: async (request, reply) => {
        // The path as configured, whatever prefix the app was given; only the query is the request's.
        const queryAt = request.url.indexOf('?');
        const url = queryAt < 0 ? path : path + request.url.slice(queryAt);
        const response = await cluster().health.respond(
          { method: request.method, url, accept: request.headers.accept },
          paths,
        );
        if (response === undefined) return reply.callNotFound();
        return await reply.code(response.status).headers(response.headers).send(response.body);
      },
    });
  }
}
