// Any process: lets all commands of one turn of the event loop travel in one write for each node of a Redis
// Cluster. ioredis's own auto-pipelining does that with pipelines, of which a Redis Cluster fails all when one
// slot has moved; here every command stays one of its own, and is redirected alone. One server takes the
// calls of a turn as one command instead: key-calls.ts.
import type { Duplex } from 'node:stream';
import { isCluster, masters } from './client.js';
import type { RedisClient } from './client.js';

/** A function to call before every command. */
export function createWriteBatching(client: RedisClient): () => void {
  if (!isCluster(client) || client.options.enableAutoPipelining === true) return () => undefined;
  let commands = 0;
  let commandsBefore = 0;
  let corked: Duplex[] = [];

  const flush = (): void => {
    for (const stream of corked) stream.uncork();
    corked = [];
  };
  const endTurn = (): void => {
    flush();
    commandsBefore = commands;
    commands = 0;
  };

  return () => {
    commands += 1;
    if (commands === 1) setImmediate(endTurn);
    if (corked.length > 0) return;
    corked = masters(client).flatMap(({ stream }) => stream ?? []);
    for (const stream of corked) stream.cork();
    // Where one command came alone, the next does not wait for others either.
    if (commandsBefore <= 1) process.nextTick(flush);
  };
}
