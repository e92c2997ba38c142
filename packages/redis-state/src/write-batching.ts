// Any process: lets all commands of one turn of the event loop travel in one write for each node of a Redis
// Cluster. ioredis's own auto-pipelining does that with pipelines, of which a Redis Cluster fails all when one
// slot has moved; here every command stays one of its own, and is redirected alone. One server takes the
// calls of a turn as one command instead: key-calls.ts.
import type { Duplex } from 'node:stream';
import { isCluster, masters } from './client.js';
import type { RedisClient } from './client.js';
import { createTurns } from './turns.js';

/** A function to call before every command. */
export function createWriteBatching(client: RedisClient): () => void {
  if (!isCluster(client) || client.options.enableAutoPipelining === true) return () => undefined;
  let corked: Duplex[] = [];

  const flush = (): void => {
    for (const stream of corked) stream.uncork();
    corked = [];
  };
  const turns = createTurns(flush);

  return () => {
    turns.count();
    if (corked.length > 0) return;
    corked = masters(client).flatMap(({ stream }) => stream ?? []);
    for (const stream of corked) stream.cork();
    turns.waits();
  };
}
