// Any process that runs the app: what clusterPlugin takes; validated and defaulted once, into a frozen object.
import { getCluster, resolveHealthPaths } from '@corral/core';
import type { Cluster, HealthPaths, ResolvedHealthPaths } from '@corral/core';
import { invalidPluginOption } from './errors.js';
import type { LoadSheddingLimits, LoadSheddingOptions } from './load-shedding.js';

export interface ClusterPluginOptions {
  /** Where the health routes are; `false` adds none. Default `/livez`, `/readyz`, `/startupz`, `/health`. */
  readonly health?: HealthPaths | false;
  /** Default: this process's cluster, `getCluster()`. */
  readonly cluster?: Cluster;
  /** Answers 503 while the event loop cannot keep up. Off unless given. */
  readonly loadShedding?: LoadSheddingOptions;
}

export interface ResolvedPluginOptions {
  readonly health: ResolvedHealthPaths;
  /** Asked whenever it is needed: an app is often made before `bootstrap()` has made the cluster. */
  readonly cluster: () => Cluster;
  readonly loadShedding: LoadSheddingLimits | undefined;
}

// Fastify hands its own register options to the plugin as well; of those, `prefix` has a refusal of its own.
const KNOWN_OPTIONS = ['health', 'cluster', 'loadShedding', 'prefix', 'logLevel', 'logSerializers'];
const KNOWN_LIMITS = ['maxEventLoopDelayMs', 'maxEventLoopUtilizationRatio', 'retryAfterSeconds'];

/** @throws {CorralError} `INVALID_ARGUMENT`, naming the option, its value and what was expected. */
export function resolvePluginOptions(options: ClusterPluginOptions): ResolvedPluginOptions {
  refuseUnknown(options, KNOWN_OPTIONS, '');
  refusePrefix(Reflect.get(options, 'prefix'));
  return Object.freeze({
    health: resolveHealthPaths(options.health, 'clusterPlugin, options.health'),
    cluster: resolveCluster(options.cluster),
    loadShedding: resolveLimits(options.loadShedding),
  });
}

/** Fastify takes it without effect: the plugin is one of the app itself, or of the context that registers it. */
function refusePrefix(given: unknown): void {
  if (given === undefined || given === '') return;
  throw invalidPluginOption(
    'prefix',
    given,
    'no prefix; register the plugin inside a context that has one: ' +
      'app.register(async (child) => { await child.register(clusterPlugin) }, { prefix })',
  );
}

function resolveCluster(given: unknown): () => Cluster {
  if (given === undefined) return getCluster;
  if (typeof given !== 'object' || given === null || !('health' in given)) {
    throw invalidPluginOption('cluster', given, 'the Cluster that bootstrap() made, or nothing');
  }
  return () => given as Cluster;
}

function resolveLimits(given: LoadSheddingOptions | undefined): LoadSheddingLimits | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null) {
    throw invalidPluginOption('loadShedding', given, 'an object of limits');
  }
  refuseUnknown(given, KNOWN_LIMITS, 'loadShedding.');
  const { maxEventLoopDelayMs, maxEventLoopUtilizationRatio, retryAfterSeconds = 10 } = given;
  if (maxEventLoopDelayMs === undefined && maxEventLoopUtilizationRatio === undefined) {
    throw invalidPluginOption(
      'loadShedding',
      '{}',
      'maxEventLoopDelayMs, maxEventLoopUtilizationRatio or both',
    );
  }
  if (maxEventLoopDelayMs !== undefined && !isBetween(maxEventLoopDelayMs, Infinity)) {
    throw invalidPluginOption(
      'loadShedding.maxEventLoopDelayMs',
      maxEventLoopDelayMs,
      'ms above 0, such as 200',
    );
  }
  if (maxEventLoopUtilizationRatio !== undefined && !isBetween(maxEventLoopUtilizationRatio, 1)) {
    throw invalidPluginOption(
      'loadShedding.maxEventLoopUtilizationRatio',
      maxEventLoopUtilizationRatio,
      'a ratio above 0 and up to 1, such as 0.98',
    );
  }
  if (!Number.isInteger(retryAfterSeconds) || retryAfterSeconds < 1) {
    throw invalidPluginOption(
      'loadShedding.retryAfterSeconds',
      retryAfterSeconds,
      'a whole number of seconds, at least 1',
    );
  }
  return Object.freeze({
    maxEventLoopDelayMs: maxEventLoopDelayMs ?? Infinity,
    maxEventLoopUtilizationRatio: maxEventLoopUtilizationRatio ?? Infinity,
    retryAfterSeconds,
  });
}

/** Above 0, and up to `max`. */
function isBetween(value: unknown, max: number): boolean {
  return typeof value === 'number' && value > 0 && value <= max;
}

function refuseUnknown(given: object, known: readonly string[], prefix: string): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw invalidPluginOption(
      `${prefix}${unknown}`,
      Reflect.get(given, unknown),
      'no such option; check its spelling',
    );
  }
}
