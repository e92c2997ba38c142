// Test: a store that clusters share in one process, and that can be away, lose answers, and lose its data.
import { CorralError } from '../src/errors.js';
import { createMemoryState } from '../src/state/memory-state.js';
import { createStateStore } from '../src/state/create-state-store.js';
import { DEFAULT_STATE_SETTINGS } from '../src/state/state-settings.js';
import type { StateStore } from '../src/state/state-store.js';

export interface LossyStore {
  /** A connection of its own. */
  connect(): LossyConnection;
  /** Deletes everything. */
  lose(): Promise<void>;
  /** Puts something there that is not a cluster's doing. */
  put(key: string, value: unknown): Promise<void>;
  /** Everything that it keeps, as text. */
  content(): Promise<string>;
}

export interface LossyConnection {
  readonly store: Pick<StateStore, 'namespace'>;
  /** How often an entry was read. */
  readonly reads: number;
  /** From now on messages are lost. */
  deafen(): void;
  /** From now on no call is executed. */
  cut(): void;
  /** The next compare-and-set is executed, and nothing is heard of it or after it. */
  cutAfterNextSet(): void;
  restore(): void;
}

export function createLossyStore(): LossyStore {
  const memory = createMemoryState(DEFAULT_STATE_SETTINGS);
  const all = createStateStore(memory.open());

  const connect = (): LossyConnection => {
    let state: 'well' | 'deaf' | 'cut' | 'cutAfterNextSet' = 'well';
    let reads = 0;
    const onGaps = new Set<() => void>();
    const unavailable = (mayHaveBeenExecuted: boolean): CorralError =>
      new CorralError('STATE_UNAVAILABLE', 'no connection', { details: { mayHaveBeenExecuted } });
    const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
      if (state === 'cut') throw unavailable(false);
      return await call();
    };
    const overConnection = (store: StateStore): StateStore => ({
      ...store,
      getEntry: async <T>(key: string) =>
        await guarded(async () => {
          const entry = await store.getEntry<T>(key);
          reads += 1;
          return entry;
        }),
      compareAndSet: async (...args) =>
        await guarded(async () => {
          const result = await store.compareAndSet(...args);
          if (state !== 'cutAfterNextSet') return result as never;
          state = 'cut';
          throw unavailable(true);
        }),
      publish: async (...args) => await guarded(async () => await store.publish(...args)),
      subscribe: async (channel, listener, options) =>
        await guarded(async () => {
          if (options?.onGap !== undefined) onGaps.add(options.onGap);
          return await store.subscribe(channel, (...message) => {
            if (state === 'well') listener(...message);
          });
        }),
    });
    return {
      store: { namespace: (name) => overConnection(all.namespace(name)) },
      get reads() {
        return reads;
      },
      deafen() {
        state = 'deaf';
      },
      cut() {
        state = 'cut';
      },
      cutAfterNextSet() {
        state = 'cutAfterNextSet';
      },
      restore() {
        state = 'well';
        for (const onGap of onGaps) onGap();
      },
    };
  };

  return {
    connect,
    async lose() {
      await all.clear();
    },
    async put(key, value) {
      await all.set(key, value);
    },
    async content() {
      const found: unknown[] = [];
      for await (const entry of all.entries()) found.push(entry);
      return JSON.stringify(found);
    },
  };
}
