// Any process: who listens on which channel of the embedded store.
import type { StateData } from './state-backend.js';

export type ChannelListener = (data: StateData | number) => void;

export interface Channels {
  /** @returns a function that ends it; idempotent */
  subscribe(channel: string, listener: ChannelListener): () => void;
  publish(channel: string, data: StateData | number): void;
}

export function createChannels(): Channels {
  const channels = new Map<string, Set<{ readonly listener: ChannelListener }>>();

  return {
    subscribe(channel, listener) {
      // An object for each call: the same function may listen twice.
      const subscription = { listener };
      const subscriptions = channels.get(channel) ?? new Set();
      channels.set(channel, subscriptions.add(subscription));
      return () => {
        subscriptions.delete(subscription);
        if (subscriptions.size === 0 && channels.get(channel) === subscriptions) {
          channels.delete(channel);
        }
      };
    },
    publish(channel, data) {
      for (const { listener } of [...(channels.get(channel) ?? [])]) listener(data);
    },
  };
}
