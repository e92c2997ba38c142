// Any process: options are checked and completed once, then frozen.
import { invalidOption, invalidSource } from './errors.js';
import type { RedisSource, RedisStateOptions } from './options.js';

export interface ResolvedRedisOptions {
  readonly source: RedisSource;
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly maxPending: number;
}

/** Beyond this, Node's timers fire at once. */
const MAX_TIMEOUT_MS = 2_147_483_647;

const sources = ['client', 'url', 'cluster', 'sentinels'] as const;

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function resolveOptions(options: RedisStateOptions): ResolvedRedisOptions {
  const given = sources.filter((name) => Reflect.get(options, name) !== undefined);
  if (given.length !== 1) throw invalidSource(given);
  if ('cluster' in options) mustHaveItems('cluster', options.cluster);
  if ('sentinels' in options) mustHaveItems('sentinels', options.sentinels);
  const { prefix = 'corral', timeoutMs = 2_000, maxPending = 10_000 } = options;
  if (typeof prefix !== 'string' || prefix === '') {
    throw invalidOption('prefix', prefix, 'a string that is not empty');
  }
  mustBePositive('timeoutMs', timeoutMs);
  if (timeoutMs > MAX_TIMEOUT_MS) {
    throw invalidOption('timeoutMs', timeoutMs, `ms, at most ${MAX_TIMEOUT_MS}`);
  }
  mustBePositive('maxPending', maxPending);
  return Object.freeze({ source: options, prefix, timeoutMs, maxPending });
}

function mustHaveItems(path: string, list: unknown): void {
  if (Array.isArray(list) && list.length > 0) return;
  throw invalidOption(path, list, 'a list with at least one address');
}

function mustBePositive(path: string, value: unknown): void {
  if (Number.isSafeInteger(value) && Number(value) > 0) return;
  throw invalidOption(path, value, 'a whole number, at least 1');
}
