// Worker or single process: tells work that is done for a client that the client has left.
import type { ServerResponse } from 'node:http';

/**
 * Aborts when the connection of a request closes before its response has been sent; for
 * `tasks.hash.with({ signal: disconnectSignal(res) })(input)`. With Fastify give it `reply.raw`.
 *
 * The request's own 'close' would not do: it comes as soon as the body has been read.
 */
export function disconnectSignal(
  response: Pick<ServerResponse, 'once' | 'writableFinished' | 'destroyed'>,
): AbortSignal {
  const disconnected = new AbortController();
  const closed = (): void => {
    if (!response.writableFinished) disconnected.abort(new Error('the client has disconnected'));
  };
  if (response.destroyed) closed();
  else response.once('close', closed);
  return disconnected.signal;
}
