// Any process: the public API of @corral/redis-state. Explicit named exports, no logic.
export { redisState } from './redis-state.js';
export type { UnavailableDetails } from './errors.js';
export type {
  RedisClientSource,
  RedisClusterSource,
  RedisSentinelSource,
  RedisSource,
  RedisStateOptions,
  RedisUrlSource,
} from './options.js';
