// Any process: the Redis state store: core's store on a Redis backend.
import { createStateStore } from '@corral/core';
import type { StateStore } from '@corral/core';
import type { RedisStateOptions } from './options.js';
import { createRedisBackend } from './redis-backend.js';
import { resolveOptions } from './resolve-options.js';

/**
 * Shared state on Redis, for more than one machine: for `bootstrap(main, { state })`, or used alone.
 * Nothing is opened before the first call.
 *
 * @throws {CorralError} `INVALID_ARGUMENT`
 */
export function redisState(options: RedisStateOptions): StateStore {
  return createStateStore(createRedisBackend(resolveOptions(options)));
}
