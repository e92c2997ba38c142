// Any process: ioredis clients: those made here, set for request paths, and what differs between one
// server and a Redis Cluster.
import { Cluster, Redis } from 'ioredis';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import { hearAsking } from './hear-asking.js';
import type { ResolvedRedisOptions } from './resolve-options.js';

export type RedisClient = Redis | Cluster;

const firstRetryMs = 50;
const longestRetryMs = 1_000;

/** Makes a client, which connects when it is first used; a client of the user's own is taken as it is. */
export function createClient({ source, timeoutMs }: ResolvedRedisOptions): RedisClient {
  if ('client' in source) return source.client;
  if ('url' in source) {
    return new Redis(source.url, { ...source.redisOptions, ...forRequests(timeoutMs) });
  }
  if ('cluster' in source) {
    const options = forCluster(source.clusterOptions, timeoutMs);
    return hearAsking(new Cluster([...source.cluster], options));
  }
  return new Redis({
    ...source.redisOptions,
    ...forRequests(timeoutMs),
    sentinels: [...source.sentinels],
    name: source.name,
    sentinelCommandTimeout: timeoutMs,
  });
}

type OwnOptions = RedisOptions & { readonly replyMapping: 'legacy' };

/** What a client on the path of requests must not leave to ioredis's defaults. */
function forRequests(timeoutMs: number): OwnOptions {
  return {
    lazyConnect: true,
    replyMapping: 'legacy',
    stringNumbers: false,
    // A command whose connection was lost may have been executed: it is rejected, never sent again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // connection.ts lets calls wait for a connection, and takes out those whose deadline has passed.
    enableOfflineQueue: false,
    // key-calls.ts does it with fewer commands, and for a Redis Cluster write-batching.ts: with pipelines, nodes send
    // ASKING later than the command that it is for, and a command on a key that has gone ahead of its slot is redirected
    // to and fro until it fails.
    enableAutoPipelining: false,
    retryStrategy: retryDelayMs,
    connectTimeout: timeoutMs,
    // A peer that is gone without a word, or stopped: the deadline passes first, then the connection goes.
    socketTimeout: 2 * timeoutMs,
    // A peer that does not answer must not hold up the end of a process.
    disconnectTimeout: 100,
    // A primary that a fail-over has made a replica.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

function forCluster(
  options: ClusterOptions = {},
  timeoutMs: number,
): ClusterOptions & { readonly redisOptions: Omit<OwnOptions, 'retryStrategy'> } {
  // A node that is lost leaves the pool; whether it comes back is seen when the slots are read again.
  const { retryStrategy: _, ...nodeOptions } = forRequests(timeoutMs);
  return {
    ...options,
    lazyConnect: true,
    enableAutoPipelining: false,
    // As above: what was lost with a connection is not sent again. (Redirections are: those say that
    // nothing was executed.)
    retryDelayOnFailover: 0,
    // connection.ts does, for as long as somebody waits for it.
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: timeoutMs,
    clusterRetryStrategy: retryDelayMs,
    redisOptions: { ...options.redisOptions, ...nodeOptions },
  };
}

/** @param attempt from 1 */
export function retryDelayMs(attempt: number): number {
  const delayMs = Math.min(firstRetryMs * 2 ** (attempt - 1), longestRetryMs);
  // Up to a fifth less, so that not all processes come at the same moment.
  return Math.round(delayMs * (1 - Math.random() / 5));
}

export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}

/** The servers that take writes, as far as they are known, in an order that all processes see alike. */
export function masters(client: RedisClient): Redis[] {
  if (!isCluster(client)) return [client];
  return client.nodes('master').sort((a, b) => (serverName(a) < serverName(b) ? -1 : 1));
}

/** Where a server is, as the cluster tells; behind Sentinels it stays when the server changes. */
export function serverName({ options }: Redis): string {
  return `${options.host}:${options.port}`;
}

/**
 * The server for messages: in a Redis Cluster they reach subscribers on every node, but only those that
 * go by one and the same come in order, and none that was published before the subscription.
 */
export async function publish(
  client: RedisClient,
  channel: string,
  message: string | Buffer,
): Promise<void> {
  const [node = client] = masters(client);
  await node.publish(channel, message);
}

/** Resolves when everything answers that keys may lie on. */
export async function pingAll(client: RedisClient): Promise<void> {
  const nodes = masters(client);
  if (isCluster(client)) {
    // A node whose connection was lost is none of the masters any more, until the slots are read again.
    const names = new Set(nodes.map(serverName));
    if (client.slots.some(([master = '']) => !names.has(master))) {
      client.refreshSlotsCache();
      throw new Error('a master of the Redis Cluster is lost');
    }
  }
  await Promise.all(nodes.map(async (node) => await node.ping()));
}

/**
 * A connection of its own, for subscribing, which does not connect again by itself: subscriber.ts does, as
 * it has to know when everything is subscribed. Undefined while no server is known.
 *
 * @param attempt from 0; in a Redis Cluster, every attempt takes another node
 */
export function createSubscriberClient(
  client: RedisClient,
  { attempt, timeoutMs }: { readonly attempt: number; readonly timeoutMs: number },
): Redis | undefined {
  const nodes = masters(client);
  return nodes[attempt % nodes.length]?.duplicate({
    ...forRequests(timeoutMs),
    retryStrategy: null,
    autoResubscribe: false,
  });
}
