// Any process: the embedded store where it lives: the engine with a clock, and the channels.
import { stateClosed } from '../errors.js';
import { createChannels } from './channels.js';
import type { ChannelListener } from './channels.js';
import { createMemoryEngine } from './memory-engine.js';
import type { MemoryEngine, Operation } from './memory-engine.js';
import { DEFAULT_STATE_SETTINGS } from './state-settings.js';
import type { MemoryLimits } from './memory-table.js';
import type {
  StateBackend,
  StateData,
  StateOperation,
  StateOperationName,
  StateOperationResults,
} from './state-backend.js';

/** Everything sees expired keys as gone; this only gives their memory back. */
const SWEEP_INTERVAL_MS = 500;
/** At a time, so that a million that expire together do not block the process. */
const SWEEP_COUNT = 20_000;

export interface MemoryState {
  readonly engine: MemoryEngine;
  /** Executes an operation here and now. */
  apply<N extends StateOperationName>(operation: Operation<N>): StateOperationResults[N];
  /** @returns a function that ends it; idempotent */
  subscribe(channel: string, listener: ChannelListener): () => void;
  /** Tells those who listen, and nobody else. */
  deliver(channel: string, data: StateData | number): void;
  /** A handle for a store; closing it leaves the state alone. */
  open(): StateBackend;
  /** Stops sweeping. Idempotent. */
  close(): void;
}

export function createMemoryState(limits: Partial<MemoryLimits> = {}): MemoryState {
  const engine = createMemoryEngine({
    ...DEFAULT_STATE_SETTINGS,
    ...limits,
    // So that a store that begins anew gives no version or token that an earlier one gave.
    firstVersion: Date.now() * 1_024,
  });
  const channels = createChannels();
  const nowMs = (): number => performance.now();
  const sweeping = setInterval(() => engine.expire(nowMs(), SWEEP_COUNT), SWEEP_INTERVAL_MS);
  sweeping.unref();

  const apply: MemoryState['apply'] = (operation) => {
    const given: StateOperation = operation;
    if (given.name === 'publish') channels.publish(given.channel, given.data);
    return engine.apply(operation, nowMs());
  };

  return {
    engine,
    apply,
    subscribe: channels.subscribe,
    deliver: channels.publish,
    open() {
      const subscriptions = new Set<() => void>();
      let isClosed = false;
      const check = (): void => {
        if (isClosed) throw stateClosed();
      };
      return {
        async execute(operation) {
          check();
          return await Promise.resolve(apply(operation));
        },
        async subscribe(channel, listener) {
          check();
          const end = channels.subscribe(channel, listener);
          subscriptions.add(end);
          return await Promise.resolve(async () => {
            end();
            subscriptions.delete(end);
            await Promise.resolve();
          });
        },
        async ping() {
          check();
          await Promise.resolve();
        },
        async close() {
          isClosed = true;
          for (const end of subscriptions) end();
          subscriptions.clear();
          await Promise.resolve();
        },
      };
    },
    close: () => clearInterval(sweeping),
  };
}

/**
 * A store in this process's memory, for tests and for programs of one process.
 *
 * @param limits defaults: 1,000,000 entries, 256 MiB, refuse when full
 */
export function createMemoryBackend(limits: Partial<MemoryLimits> = {}): StateBackend {
  const state = createMemoryState(limits);
  const backend = state.open();
  return {
    ...backend,
    async close() {
      await backend.close();
      state.close();
    },
  };
}
