// Any process: the way to Redis. Every call has a deadline, there is a bound to how many may wait, and a
// command is given to ioredis only once there is a connection: what waits for one can still be taken
// out, so that nothing happens later that its caller has been told has failed.
import { createClient, createSubscriberClient } from './client.js';
import type { RedisClient } from './client.js';
import { createDeadlines } from './deadlines.js';
import {
  connectionFailed,
  fromRedisError,
  stateClosed,
  timedOut,
  tooManyPending,
} from './errors.js';
import type { ResolvedRedisOptions } from './resolve-options.js';
import { createWriteBatching } from './write-batching.js';
import type { Redis } from 'ioredis';

export interface RedisConnection {
  /**
   * Sends what `command` sends, and settles with it.
   *
   * @param name for messages
   */
  send<T>(name: string, command: (client: RedisClient) => Promise<T>): Promise<T>;
  /** ioredis's `keyPrefix`, which a client of the user's own may have. */
  readonly keyPrefix: string;
  /** A client for subscribing, not connected yet; see {@link createSubscriberClient}. */
  createSubscriber(attempt: number): Redis | undefined;
  close(): Promise<void>;
}

interface Call {
  readonly name: string;
  /** Whether it was given to ioredis. */
  sent: boolean;
  readonly command: (client: RedisClient) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Connects with the first call. */
export function createConnection(options: ResolvedRedisOptions): RedisConnection {
  const { timeoutMs, maxPending } = options;
  const isOurs = !('client' in options.source);
  const client = createClient(options);
  const batchWrites = createWriteBatching(client);
  /** For a connection. */
  const waiting = new Set<Call>();
  /** Those that wait for a connection, and those that ioredis has not settled, past their deadlines too. */
  let pending = 0;
  let lastError: unknown;
  let isClosed = false;

  const deadlines = createDeadlines<Call>(timeoutMs, (call) => {
    if (waiting.delete(call)) pending -= 1;
    call.reject(timedOut(call, timeoutMs, lastError));
  });

  const start = (call: Call): void => {
    call.sent = true;
    batchWrites();
    call.command(client).then(
      (value) => {
        pending -= 1;
        deadlines.delete(call);
        call.resolve(value);
      },
      (error: unknown) => {
        pending -= 1;
        deadlines.delete(call);
        call.reject(fromRedisError(call, error));
      },
    );
  };

  const rejectWaiting = (toError: (call: Call) => Error): void => {
    for (const call of waiting) {
      deadlines.delete(call);
      call.reject(toError(call));
    }
    pending -= waiting.size;
    waiting.clear();
  };

  const onReady = (): void => {
    lastError = undefined;
    const calls = [...waiting];
    waiting.clear();
    for (const call of calls) start(call);
  };
  /** A connection is lost, or an attempt to connect has failed. */
  const onClose = (): void => rejectWaiting((call) => connectionFailed(call, lastError));
  const onError = (error: unknown): void => {
    lastError = error;
  };
  client.on('ready', onReady);
  client.on('close', onClose);
  client.on('node error', onError);
  // A client of the user's own: whether its errors are heard is the user's to decide.
  if (isOurs) client.on('error', onError);

  const waitForConnection = (call: Call): void => {
    waiting.add(call);
    const isEnded = client.status === 'end';
    if (isEnded && !isOurs) onClose();
    else if (isEnded || client.status === 'wait') client.connect().catch(onError);
  };

  return {
    keyPrefix: client.options.keyPrefix ?? '',

    // Neither here nor below it an async function that only waits: this is what every call goes through.
    send: <T>(name: string, command: (client: RedisClient) => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        if (isClosed) {
          reject(stateClosed(name));
          return;
        }
        if (pending >= maxPending) {
          reject(tooManyPending(name, maxPending));
          return;
        }
        const call = { name, sent: false, command, resolve, reject } as Call;
        pending += 1;
        deadlines.add(call);
        if (client.status === 'ready') start(call);
        else waitForConnection(call);
      }),

    createSubscriber: (attempt) => createSubscriberClient(client, { attempt, timeoutMs }),

    async close() {
      if (isClosed) return;
      isClosed = true;
      waiting.clear();
      for (const call of deadlines.items()) {
        deadlines.delete(call);
        call.reject(stateClosed(call.name));
      }
      client.off('ready', onReady);
      client.off('close', onClose);
      client.off('node error', onError);
      if (isOurs) client.disconnect();
    },
  };
}
