// Any process: the handle's members for work that one process does at a time. Only who uses them loads the rest.
import type { Cluster } from '../cluster.js';
import type { Logger } from '../logger.js';
import type { StateStore } from '../state/state-store.js';
import type { ExclusiveWork } from './exclusive-work.js';

export interface ExclusiveWorkParts {
  readonly state: StateStore;
  readonly logger: Logger;
  readonly onShutdown: Cluster['onShutdown'];
}

export function createExclusiveWork(parts: ExclusiveWorkParts): ExclusiveWork {
  return {
    async runExclusive(name, work, options) {
      const { runExclusive } = await import('./run-exclusive.js');
      return await runExclusive(name, work, options, parts);
    },
    async singleton(name, start, options) {
      const { createSingleton } = await import('./singleton.js');
      return createSingleton(name, start, options, parts);
    },
  };
}
