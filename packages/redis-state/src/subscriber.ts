// Any process: the connection for subscriptions. When it is lost, a new one is made and everything is
// subscribed again; as messages may have been missed by then, every subscriber is told to read again.
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { retryDelayMs } from './client.js';
import type { RedisConnection } from './connection.js';

/** How often it is looked whether a connection that says nothing is still there. */
const heartbeatMs = 5_000;

export interface Subscription {
  readonly onMessage: (message: Buffer) => void;
  /** Messages may have been missed; from now on they come again. */
  readonly onGap: () => void;
}

export interface Subscriber {
  /** Resolves when it is in force. */
  add(channel: string, subscription: Subscription): Promise<void>;
  remove(channel: string, subscription: Subscription): void;
  close(): void;
}

/** Connects with the first subscription. */
export function createSubscriber(connection: RedisConnection): Subscriber {
  const subscriptions = new Map<string, Set<Subscription>>();
  /** Those that have been in force, and are told when they were not. */
  const established = new Set<Subscription>();
  let session: Promise<Redis> | undefined;
  /** Attempts to connect, since one has succeeded. */
  let attempt = 0;
  let isRecovering = false;

  const onMessage = (channel: Buffer, message: Buffer): void => {
    for (const each of [...(subscriptions.get(channel.toString()) ?? [])]) each.onMessage(message);
  };

  const connect = async (): Promise<Redis> => {
    const client = connection.createSubscriber(attempt);
    attempt += 1;
    if (client === undefined) throw new Error('no server of the cluster is known');
    const heartbeat = setInterval(() => void client.ping().catch(ignore), heartbeatMs).unref();
    client.on('error', ignore);
    client.on('messageBuffer', onMessage);
    client.once('end', () => clearInterval(heartbeat));
    await client.connect();
    attempt = 0;
    return client;
  };

  const open = (): Promise<Redis> => {
    const opening = connect();
    const onLost = (): void => {
      if (session !== opening) return;
      session = undefined;
      if (established.size > 0 && !isRecovering) void recover();
    };
    opening.then((client) => client.once('end', onLost), onLost);
    return opening;
  };

  /** With a deadline, as every call has one. */
  const subscribe = async (channels: () => string[]): Promise<void> => {
    await connection.send('subscribe', async () => {
      session ??= open();
      const client = await session;
      const names = channels();
      if (names.length > 0) await client.subscribe(...names);
    });
  };

  const recover = async (): Promise<void> => {
    isRecovering = true;
    let isInForce = false;
    for (let retry = 1; established.size > 0 && !isInForce; retry += 1) {
      await delay(retryDelayMs(retry), undefined, { ref: false });
      isInForce = await subscribe(() => [...subscriptions.keys()]).then(
        () => true,
        () => false,
      );
    }
    isRecovering = false;
    for (const each of [...established]) each.onGap();
  };

  const remove = (channel: string, subscription: Subscription): void => {
    established.delete(subscription);
    const others = subscriptions.get(channel);
    if (others?.delete(subscription) !== true || others.size > 0) return;
    subscriptions.delete(channel);
    void session?.then(async (client) => await client.unsubscribe(channel)).catch(ignore);
  };

  return {
    async add(channel, subscription) {
      const others = subscriptions.get(channel);
      if (others === undefined) subscriptions.set(channel, new Set([subscription]));
      else others.add(subscription);
      try {
        await subscribe(() => [channel]);
        established.add(subscription);
      } catch (error) {
        remove(channel, subscription);
        throw error;
      }
    },
    remove,
    close() {
      subscriptions.clear();
      established.clear();
      void session?.then((client) => client.disconnect()).catch(ignore);
    },
  };
}

function ignore(): void {
  // Whoever waits for it is told through the command that fails.
}
