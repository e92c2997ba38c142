// Worker, or a primary in an upgrade: the embedded store of another process, as a backend of a store here.
import { stateClosed } from '../errors.js';
import { createCallBatches, primaryGone } from './call-batches.js';
import type { CallBatches, CallBatchesOptions } from './call-batches.js';
import { inParts } from './call-parts.js';
import { createChannels } from './channels.js';
import type { StateBackend, StateData } from './state-backend.js';

export interface RemoteBackend extends StateBackend {
  /** Any operation, also one that only travels. */
  readonly call: CallBatches['call'];
  readonly onAnswer: CallBatches['onAnswer'];
  readonly idle: CallBatches['idle'];
  onPublished(channel: string, data: StateData | number): void;
  /** The other process has gone: rejects what waits and what comes. */
  disconnected(): void;
}

interface Subscription {
  listeners: number;
  readonly confirmed: Promise<unknown>;
}

export function createRemoteBackend(options: CallBatchesOptions): RemoteBackend {
  const { call, onAnswer, idle, end } = createCallBatches(options);
  const channels = createChannels();
  const subscriptions = new Map<string, Subscription>();

  const subscribeThere = async (channel: string): Promise<void> => {
    let subscription = subscriptions.get(channel);
    if (subscription === undefined) {
      subscription = { listeners: 0, confirmed: call({ name: 'subscribe', channel }) };
      subscriptions.set(channel, subscription);
    }
    subscription.listeners += 1;
    try {
      await subscription.confirmed;
    } catch (error) {
      // The next one is to ask again.
      if (subscriptions.get(channel) === subscription) subscriptions.delete(channel);
      throw error;
    }
  };
  const unsubscribeThere = async (channel: string): Promise<void> => {
    const subscription = subscriptions.get(channel);
    if (subscription === undefined) return;
    subscription.listeners -= 1;
    if (subscription.listeners > 0) return;
    subscriptions.delete(channel);
    // Messages that still come find nobody; a primary that has gone sends none.
    await call({ name: 'unsubscribe', channel }).catch(() => undefined);
  };

  return {
    call,
    onAnswer,
    idle,
    execute: inParts(call),
    async subscribe(channel, listener) {
      const stop = channels.subscribe(channel, listener);
      try {
        await subscribeThere(channel);
      } catch (error) {
        stop();
        throw error;
      }
      let isOver = false;
      return async () => {
        if (isOver) return;
        isOver = true;
        stop();
        await unsubscribeThere(channel);
      };
    },
    ping: async () => void (await call({ name: 'has', key: '' })),
    async close() {
      end(stateClosed);
      await Promise.resolve();
    },
    onPublished: channels.publish,
    disconnected: () => end(primaryGone),
  };
}
