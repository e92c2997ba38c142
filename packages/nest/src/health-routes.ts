// Any process that runs the app: core's health routes on Nest's HTTP adapter.
import { resolveHealthPaths } from '@corral/core';
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CLUSTER_MODULE_OPTIONS } from './cluster-module-definition.js';
import type { ClusterModuleOptions } from './cluster-module-definition.js';
import { Cluster } from './cluster-token.js';

/** What Express's and Fastify's requests have in common. */
interface PlatformRequest {
  readonly url: string;
  readonly headers: { readonly accept?: string };
}

/** The paths that an adapter has: several modules may import ClusterModule, and Fastify takes no route twice. */
const pathsOf = new WeakMap<object, Set<string>>();

/**
 * Routes of the HTTP adapter, not of a controller: probes find them at the paths that the deployment
 * names, whatever global prefix, versioning, guards and interceptors the app has.
 */
@Injectable()
export class HealthRoutes {
  readonly #adapterHost: HttpAdapterHost;
  readonly #cluster: Cluster;
  readonly #options: ClusterModuleOptions;

  constructor(
    @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
    @Inject(Cluster) cluster: Cluster,
    @Inject(CLUSTER_MODULE_OPTIONS) options: ClusterModuleOptions,
  ) {
    this.#adapterHost = adapterHost;
    this.#cluster = cluster;
    this.#options = options;
  }

  /** @throws {CorralError} `INVALID_ARGUMENT` for paths that are none. */
  register(): void {
    const paths = resolveHealthPaths(this.#options.health, 'ClusterModule, options.health');
    const { httpAdapter } = this.#adapterHost;
    const known = pathsOf.get(httpAdapter) ?? new Set();
    pathsOf.set(httpAdapter, known);
    for (const path of Object.values(paths)) {
      if (path === false || known.has(path)) continue;
      known.add(path);
      httpAdapter.get(path, async (request: PlatformRequest, response: unknown) => {
        const queryAt = request.url.indexOf('?');
        const answer = await this.#cluster.health.respond(
          {
            // Both platforms answer HEAD by GET's route, and count the body that they leave out.
            method: 'GET',
            url: queryAt < 0 ? path : path + request.url.slice(queryAt),
            accept: request.headers.accept,
          },
          paths,
        );
        if (answer === undefined) return;
        for (const [name, value] of Object.entries(answer.headers)) {
          httpAdapter.setHeader(response, name, value);
        }
        httpAdapter.reply(response, answer.body, answer.status);
      });
    }
  }
}
