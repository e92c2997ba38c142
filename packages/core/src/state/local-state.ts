// Single process: the embedded store when there is nobody else to share it with.
import type { Logger } from '../logger.js';
import { createStateStore } from './create-state-store.js';
import { logListenerError } from './listener-errors.js';
import type { MemoryEngine } from './memory-engine.js';
import { createMemoryState } from './memory-state.js';
import { isStateStore } from './state-settings.js';
import type { ResolvedStateSettings } from './state-settings.js';
import type { StateStore } from './state-store.js';

export interface LocalState {
  readonly store: StateStore;
  /** Undefined for a store of the user's own. */
  readonly engine: MemoryEngine | undefined;
  close(): Promise<void>;
}

/** @param given a store of the user's own, or settings of the embedded one */
export function createLocalState(
  given: StateStore | ResolvedStateSettings,
  logger: Logger,
): LocalState {
  if (isStateStore(given)) {
    return { store: given, engine: undefined, close: async () => await Promise.resolve() };
  }
  const memory = createMemoryState(given);
  const store = createStateStore(memory.open(), {
    maxValueBytes: given.maxValueBytes,
    onListenerError: logListenerError(logger),
  });
  return {
    store,
    engine: memory.engine,
    async close() {
      await store.close();
      memory.close();
    },
  };
}
