// Any process: the way to Redis. Every call has a deadline, there is a bound to how many may wait, and a
// command is given to ioredis only once there is a connection: what waits for one can still be taken
// out, so that nothing happens later that its caller has been told has failed.
import { createClient, createSubscriberClient, isCluster } from './client.js';
import type { RedisClient } from './client.js';
import { createDeadlines } from './deadlines.js';
import {
  connectionFailed,
  fromRedisError,
  isClusterDown,
  stateClosed,
  timedOut,
  tooManyPending,
} from './errors.js';
import type { ResolvedRedisOptions } from './resolve-options.js';
import { createWriteBatching } from './write-batching.js';
import type { Redis } from 'ioredis';

/** What commands are given to. */
export interface Way {
  readonly client: RedisClient;
  /** Whether their deadline is still to come: after it, nothing more is to be sent. */
  isAwaited(): boolean;
  /** Of the scripts that the server has been given on this connection; none where there are many servers. */
  readonly knownScripts: Set<string> | undefined;
}

/** What is sent as one, and with it comes to its end. */
export interface Sending<T> {
  readonly command: (way: Way) => Promise<T>;
  /** How many calls it is for. */
  readonly calls: number;
  readonly onAnswer: (value: T) => void;
  readonly onFailure: (failure: Failure) => void;
}

/** Makes the error of a call of that name: of several that are sent as one, each has its own. */
export type Failure = (name: string) => Error;

export interface RedisConnection {
  /** Counts a call in, which is then to be started; or says why it cannot be. */
  enter(): Failure | undefined;
  /** Sends what its `command` sends, for calls that were counted in. */
  start<T>(sending: Sending<T>): void;
  /** The same for a single call. */
  send<T>(name: string, command: (way: Way) => Promise<T>): Promise<T>;
  /** Whether only commands on one key may always be sent. */
  readonly isCluster: boolean;
  /** ioredis's `keyPrefix`, which a client of the user's own may have. */
  readonly keyPrefix: string;
  /** A client for subscribing, not connected yet; see {@link createSubscriberClient}. */
  createSubscriber(attempt: number): Redis | undefined;
  close(): Promise<void>;
}

interface Started extends Sending<unknown> {
  /** Whether it was given to ioredis. */
  sent: boolean;
  /** What a Redis Cluster that is down has answered, until it is asked again. */
  refusal: unknown;
}

/** When a Redis Cluster that is down is asked again. */
const clusterDownPauseMs = 100;

/** Connects with the first call. */
export function createConnection(options: ResolvedRedisOptions): RedisConnection {
  const { timeoutMs, maxPending } = options;
  const isOurs = !('client' in options.source);
  const client = createClient(options);
  const batchWrites = createWriteBatching(client);
  /**
   * ioredis never settles what was on its way on a lost connection when it is neither to be sent again nor to fail
   * with that connection: settings that only a client of the user's own can have.
   */
  const forgets =
    !isOurs && !isCluster(client) && client.options.autoResendUnfulfilledCommands === false;
  /** What may be forgotten. */
  const onItsWay = new Set<Started>();
  const knownScripts = isCluster(client) ? undefined : new Set<string>();
  /** For a connection. */
  const waiting = new Set<Started>();
  /**
   * The calls that wait for a connection or for a Redis Cluster that is down, and those that ioredis has not settled,
   * past their deadlines too.
   */
  let pending = 0;
  let lastError: unknown;
  let isClosed = false;

  const deadlines = createDeadlines<Started>(timeoutMs, (sending) => {
    const { sent, refusal, calls, onFailure } = sending;
    if (waiting.delete(sending)) pending -= calls;
    onFailure((name) =>
      refusal === undefined
        ? timedOut({ name, sent }, timeoutMs, lastError)
        : fromRedisError({ name, sent }, refusal),
    );
  });

  /** False: it is settled already. */
  const settle = (sending: Started): boolean => {
    if (forgets && !onItsWay.delete(sending)) return false;
    pending -= sending.calls;
    deadlines.delete(sending);
    return true;
  };

  const give = (sending: Started): void => {
    sending.sent = true;
    if (forgets) onItsWay.add(sending);
    batchWrites();
    const way: Way = { client, isAwaited: () => deadlines.has(sending), knownScripts };
    resultOf(sending, way).then(
      (value) => {
        if (settle(sending)) sending.onAnswer(value);
      },
      (error: unknown) => {
        if (isClusterDown(error)) waitForCluster(sending, error);
        else if (settle(sending)) {
          sending.onFailure((name) => fromRedisError({ name, sent: true }, error));
        }
      },
    );
  };

  /**
   * ioredis would send it again, too, but longer than its caller waits: then it might be executed after what the caller
   * has done next.
   */
  const waitForCluster = (sending: Started, refusal: unknown): void => {
    sending.refusal = refusal;
    sending.sent = false;
    if (isCluster(client)) client.refreshSlotsCache();
    const again = (): void => {
      sending.refusal = undefined;
      if (deadlines.has(sending)) begin(sending);
      else pending -= sending.calls;
    };
    setTimeout(again, clusterDownPauseMs).unref();
  };

  const rejectWaiting = (failure: Failure): void => {
    for (const sending of waiting) {
      deadlines.delete(sending);
      pending -= sending.calls;
      sending.onFailure(failure);
    }
    waiting.clear();
  };

  const onReady = (): void => {
    lastError = undefined;
    const now = [...waiting];
    waiting.clear();
    for (const sending of now) give(sending);
  };
  /** A connection is lost, or an attempt to connect has failed. */
  const onClose = (): void => {
    knownScripts?.clear();
    const cause = lastError;
    rejectWaiting((name) => connectionFailed({ name, sent: false }, cause));
    for (const sending of onItsWay) {
      const isAwaited = deadlines.has(sending);
      settle(sending);
      if (isAwaited) sending.onFailure((name) => connectionFailed({ name, sent: true }, cause));
    }
  };
  const onError = (error: unknown): void => {
    lastError = error;
  };
  client.on('ready', onReady);
  client.on('close', onClose);
  client.on('node error', onError);
  // A client of the user's own: whether its errors are heard is the user's to decide.
  if (isOurs) client.on('error', onError);

  const waitForConnection = (sending: Started): void => {
    waiting.add(sending);
    const isEnded = client.status === 'end';
    if (isEnded && !isOurs) onClose();
    else if (isEnded || client.status === 'wait') client.connect().catch(onError);
  };

  const begin = (sending: Started): void => {
    // It is ready a moment before it says so, and what waits for that comes first.
    if (client.status === 'ready' && waiting.size === 0) give(sending);
    else waitForConnection(sending);
  };

  const enter = (): Failure | undefined => {
    if (isClosed) return stateClosed;
    if (pending >= maxPending) return (name) => tooManyPending(name, maxPending);
    pending += 1;
    return undefined;
  };

  const start = <T>(given: Sending<T>): void => {
    // Closed since the calls were counted in.
    if (isClosed) {
      given.onFailure(stateClosed);
      return;
    }
    const sending = { ...given, sent: false, refusal: undefined } as Started;
    deadlines.add(sending);
    begin(sending);
  };

  return {
    keyPrefix: client.options.keyPrefix ?? '',
    isCluster: isCluster(client),
    enter,
    start,

    // Neither here nor below it an async function that only waits: this is what every call goes through.
    send: <T>(name: string, command: (way: Way) => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        const onFailure = (failure: Failure): void => reject(failure(name));
        const refusal = enter();
        if (refusal !== undefined) onFailure(refusal);
        else start({ command, calls: 1, onAnswer: resolve, onFailure });
      }),

    createSubscriber: (attempt) => createSubscriberClient(client, { attempt, timeoutMs }),

    async close() {
      if (isClosed) return;
      isClosed = true;
      waiting.clear();
      for (const sending of deadlines.items()) {
        deadlines.delete(sending);
        sending.onFailure(stateClosed);
      }
      client.off('ready', onReady);
      client.off('close', onClose);
      client.off('node error', onError);
      if (isOurs) client.disconnect();
    },
  };
}

/** Rejects also with what ioredis throws at once, as it does not know where to send it. */
async function resultOf({ command }: Started, way: Way): Promise<unknown> {
  return await command(way);
}
