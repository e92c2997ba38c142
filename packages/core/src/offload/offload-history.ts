// Any process: what was counted of modules that are closed, and of those in processes that are gone.
import { mergeModules } from './offload-statistics.js';
import type { OffloadModuleStatus } from './offload.js';

/** An app can make up names without end, and what is kept of them stays. */
const MAX_NAMES = 100;
export const OTHER_MODULES = '(other modules)';

export interface OffloadHistory {
  /** One for each name, with counts alone: no threads, and nothing that runs or waits. */
  readonly modules: readonly OffloadModuleStatus[];
  add(ended: readonly OffloadModuleStatus[]): void;
}

export function createOffloadHistory(): OffloadHistory {
  const byName = new Map<string, OffloadModuleStatus>();
  return {
    get modules() {
      return [...byName.values()];
    },
    add(ended) {
      for (const each of ended) {
        const isKept = byName.has(each.name) || byName.size < MAX_NAMES;
        const name = isKept ? each.name : OTHER_MODULES;
        const counted = { ...each, threads: 0, running: 0, queued: 0, maxQueue: 0 };
        const before = byName.get(name);
        byName.set(name, mergeModules(name, before === undefined ? [counted] : [before, counted]));
      }
    },
  };
}
