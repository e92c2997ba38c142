// The options of the Redis state store: where Redis is, and under which prefix Corral keeps its keys.
import type {
  Cluster,
  ClusterNode,
  ClusterOptions,
  Redis,
  RedisOptions,
  SentinelAddress,
} from 'ioredis';

/** An ioredis client of your own. Corral uses it and never closes it: that stays with its owner. */
export interface RedisClientSource {
  /** A connected or lazily connecting client, of one server, a Sentinel group or a Redis Cluster. */
  readonly client: Redis | Cluster;
}

/** One Redis server, by address. */
export interface RedisUrlSource {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly url: string;
  /** Further ioredis options, for example `tls` or `password`. */
  readonly redisOptions?: RedisOptions;
}

/** A Redis Cluster. */
export interface RedisClusterSource {
  /** Some of the cluster's nodes; the others are discovered through them. */
  readonly cluster: readonly ClusterNode[];
  /** Further ioredis options, for example `redisOptions.password`. */
  readonly clusterOptions?: ClusterOptions;
}

/** A group of Redis servers behind Sentinels. */
export interface RedisSentinelSource {
  /** The Sentinels' addresses. */
  readonly sentinels: readonly Partial<SentinelAddress>[];
  /** The group's name, as the Sentinels know it. */
  readonly name: string;
  /** Further ioredis options, for example `sentinelPassword`. */
  readonly redisOptions?: RedisOptions;
}

/** Where the shared state lives: exactly one source, and what applies to all of them. */
export type RedisStateOptions = (
  | RedisClientSource
  | RedisUrlSource
  | RedisClusterSource
  | RedisSentinelSource
) & {
  /**
   * Put before every key and channel, so that several apps can share one Redis.
   * @default 'corral'
   */
  readonly prefix?: string;
};
