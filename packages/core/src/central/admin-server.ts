// Primary or single process: the admin HTTP server, which tells the health and status of the whole cluster.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeHttp } from '../builtins.js';
import type { ClusterStatus } from '../cluster.js';
import { listenFailed } from '../errors.js';
import type { HealthRequest, HealthResponse } from '../health/health.js';
import {
  isReadMethod,
  jsonResponse,
  methodNotAllowed,
  parseTarget,
  probeResponse,
  respond,
} from '../health/probe-response.js';
import type { Logger } from '../logger.js';
import { answerConfig, toConfigRequest } from './admin-config.js';
import type { AdminConfig } from './admin-config.js';
import { clusterHealth } from './cluster-health.js';
import { clusterMetrics } from './cluster-metrics.js';
import type { MetricsAggregator } from './metrics-aggregator.js';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus-text.js';

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** `/readyz` answers 200 from this many ready workers on. */
  readonly minReady: number;
  readonly status: () => Promise<ClusterStatus>;
  readonly totals: Pick<MetricsAggregator, 'seats'>;
  /** `/config`, when there is a configuration. */
  readonly config?: AdminConfig | undefined;
  /** Whether `/config` takes changes. */
  readonly configWrites: boolean;
  readonly logger: Logger;
}

export interface AdminServer {
  /** Where it listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** Stops listening and closes every connection. Idempotent. */
  close(): Promise<void>;
}

const PATHS = ['/livez', '/readyz', '/status', '/metrics', '/config'];

/**
 * Starts the admin server: `/livez`, `/readyz`, `/status` and `/metrics`, for GET and HEAD, and `/config`.
 *
 * @throws {CorralError} `LISTEN_FAILED`
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { host, port, logger } = options;
  const server = nodeHttp().createServer((message, response) => {
    void answer(message, options).then(({ status, headers, body }) => {
      response.writeHead(status, headers).end(body);
    });
  });
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw listenFailed(`${formatHost(host)}:${port}`, error);
  }
  server.on('error', (error) => logger.error({ err: error }, 'the admin server has a problem'));

  let closed: Promise<void> | undefined;
  return {
    address: toAddress(server.address(), host),
    close() {
      closed ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closed;
    },
  };
}

/** Never rejects: a status that cannot be had is an answer too. */
async function answer(
  message: IncomingMessage,
  { minReady, status, totals, config, configWrites, logger }: AdminServerOptions,
): Promise<HealthResponse> {
  const request = toHealthRequest(message);
  const { path } = parseTarget(request.url);
  if (!PATHS.includes(path)) {
    return jsonResponse(404, { error: 'not found', paths: PATHS }, request);
  }
  if (path === '/config') {
    return config === undefined
      ? jsonResponse(404, { error: 'bootstrap() was given no config' }, request)
      : await answerConfig(toConfigRequest(message, request), config, configWrites);
  }
  if (!isReadMethod(request.method)) return methodNotAllowed(request);
  // Without the status: only a primary that does not answer at all is not live.
  if (path === '/livez') {
    const item = { name: 'primary', ok: true, critical: true };
    return probeResponse({ probe: 'live', ok: true, items: [item] }, request);
  }
  try {
    const current = await status();
    if (path === '/status') return jsonResponse(200, current, request);
    if (path === '/metrics') {
      const metrics = clusterMetrics(current, totals.seats(current.workers));
      return respond(200, PROMETHEUS_CONTENT_TYPE, prometheusText(metrics), request);
    }
    const { ready, reason } = clusterHealth(current, { minReady });
    return probeResponse(
      {
        probe: 'ready',
        ok: ready,
        items: [{ name: 'workers', ok: ready, reason, critical: true }],
        details: { ready: current.ready, desired: current.desired, minReady },
      },
      request,
    );
  } catch (error) {
    logger.error({ err: error }, 'the admin server could not get the status of the cluster');
    return jsonResponse(503, { error: 'the status is not available' }, request);
  }
}

function toHealthRequest({ method = 'GET', url = '/', headers }: IncomingMessage): HealthRequest {
  return { method, url, accept: headers.accept };
}

function toAddress(
  bound: AddressInfo | string | null,
  host: string,
): { host: string; port: number } {
  // A string is a pipe's, and null says that it does not listen; neither can be here.
  if (bound === null || typeof bound === 'string') return { host, port: 0 };
  return { host: bound.address, port: bound.port };
}

function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
