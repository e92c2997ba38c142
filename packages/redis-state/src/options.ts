// The options of the Redis state store: where Redis is, and under which prefix Corral keeps its keys.
import type {
  Cluster,
  ClusterNode,
  ClusterOptions,
  Redis,
  RedisOptions,
  SentinelAddress,
} from 'ioredis';

/**
 * An ioredis client of your own. Corral uses it and never closes it: that stays with its owner. Corral's
 * deadlines hold for it too; what happens to a command whose connection was lost is decided by its own
 * settings. ioredis's defaults send it again, so that an increment can count twice: set
 * `autoResendUnfulfilledCommands: false` and, for a Redis Cluster, `retryDelayOnFailover: 0`.
 */
export interface RedisClientSource {
  /** A connected or lazily connecting client, of one server, a Sentinel group or a Redis Cluster. */
  readonly client: Redis | Cluster;
}

/** One Redis server, by address. */
export interface RedisUrlSource {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly url: string;
  /** Further ioredis options, for example `tls` or `password`. Retries and queues are Corral's. */
  readonly redisOptions?: RedisOptions;
}

/** A Redis Cluster. */
export interface RedisClusterSource {
  /** Some of the cluster's nodes; the others are discovered through them. */
  readonly cluster: readonly ClusterNode[];
  /** Further ioredis options, for example `redisOptions.password`. Retries and queues are Corral's. */
  readonly clusterOptions?: ClusterOptions;
}

/** A group of Redis servers behind Sentinels. */
export interface RedisSentinelSource {
  /** The Sentinels' addresses. */
  readonly sentinels: readonly Partial<SentinelAddress>[];
  /** The group's name, as the Sentinels know it. */
  readonly name: string;
  /** Further ioredis options, for example `sentinelPassword`. Retries and queues are Corral's. */
  readonly redisOptions?: RedisOptions;
}

export type RedisSource =
  | RedisClientSource
  | RedisUrlSource
  | RedisClusterSource
  | RedisSentinelSource;

/** Where the shared state lives: exactly one source, and what applies to all of them. */
export type RedisStateOptions = RedisSource & {
  /**
   * Put before every key and channel, so that several apps can share one Redis.
   * @default 'corral'
   */
  readonly prefix?: string;
  /**
   * How long a call may take, in ms, the wait for a connection included. After that it rejects with
   * `STATE_UNAVAILABLE`. `clear` and `entries` take one such time for every step.
   * @default 2000
   */
  readonly timeoutMs?: number;
  /**
   * How many calls may wait for their answers at a time; one on many keys counts once. Further ones reject
   * at once with `STATE_UNAVAILABLE`, so that a Redis that is away or too slow costs no memory.
   * @default 10000
   */
  readonly maxPending?: number;
};
