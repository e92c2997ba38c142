// Any process that runs the app: the Fastify plugin. Translates only; decisions are core's.
import type { Cluster } from '@corral/core';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { overloadedBody } from './errors.js';
import { addHealthRoutes } from './health-routes.js';
import { translateErrors } from './translate-errors.js';
import { isOverloaded } from './load-shedding.js';
import type { LoadSheddingLimits } from './load-shedding.js';
import { resolvePluginOptions } from './options.js';
import type { ClusterPluginOptions } from './options.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** This process's cluster, by `clusterPlugin`. */
    readonly cluster: Cluster;
  }
  interface FastifyContextConfig {
    /** Set on the health routes of `clusterPlugin`, for hooks that leave them alone, such as authentication. */
    readonly corralHealth?: true;
  }
}

const plugin: FastifyPluginAsync<ClusterPluginOptions> = async (app, given) => {
  const { cluster, health, loadShedding } = resolvePluginOptions(given);
  app.decorate('cluster', { getter: cluster });
  addHealthRoutes(app, cluster, health);
  translateErrors(app);
  if (loadShedding !== undefined) shedLoad(app, cluster, loadShedding);
  closeWithCluster(app, cluster);
};

/**
 * Health routes, `app.cluster`, the status of Corral's own errors, and the app's own close in the cluster's
 * shutdown.
 *
 * ```ts
 * await app.register(clusterPlugin, { loadShedding: { maxEventLoopDelayMs: 200 } });
 * ```
 *
 * @throws {CorralError} `INVALID_ARGUMENT` at register time for a wrong option.
 */
export const clusterPlugin: FastifyPluginAsync<ClusterPluginOptions> = fastifyPlugin(plugin, {
  fastify: '5.x',
  name: '@corral/fastify',
});

/**
 * Closes the app once HTTP has drained. Not earlier: Fastify answers 503 to whatever arrives after its
 * close() has begun, and runs onClose hooks that take databases from requests still running.
 */
function closeWithCluster(app: FastifyInstance, cluster: () => Cluster): void {
  let followed: Cluster | undefined;
  let removeHook = (): void => undefined;
  const follow = (): void => {
    const current = cluster();
    if (current === followed) return;
    removeHook();
    followed = current;
    removeHook = current.onShutdown(async () => await app.close(), {
      phase: 'application',
      name: 'fastify.close',
    });
  };
  // At once, for a shutdown may come before the app is ready; and again, for so may `bootstrap()`.
  follow();
  app.addHook('onReady', async () => follow());
  app.addHook('onListen', async () => follow());
  // An app that closes by itself, in its own tests for instance, is not to be held on to.
  app.addHook('onClose', async () => removeHook());
}

function shedLoad(app: FastifyInstance, cluster: () => Cluster, limits: LoadSheddingLimits): void {
  app.addHook('onRequest', async (request, reply) => {
    // A probe that fails under load gets the worker restarted, and the others more load.
    if (request.routeOptions.config.corralHealth === true) return;
    if (!isOverloaded(cluster().health.sample(), limits)) return;
    // Sent as it is, not thrown: an error handler and its log line are work too.
    return await reply
      .code(503)
      .header('retry-after', String(limits.retryAfterSeconds))
      .send(overloadedBody(limits.retryAfterSeconds));
  });
}
