export type {
  RedisClientSource,
  RedisClusterSource,
  RedisSentinelSource,
  RedisStateOptions,
  RedisUrlSource,
} from './options.js';
