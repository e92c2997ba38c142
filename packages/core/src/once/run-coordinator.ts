// Any process that runs the app: node-cron's run coordinator on the shared state. Translates only.
import { createOnceRuns } from './once-runs.js';
import type { OnceRun, OnceRunsOptions } from './once-runs.js';

/** For so long nobody does a run again, however late its clock or its timer is. */
const KEEP_MS = 60 * 60 * 1_000;

/** node-cron's `RunCoordinator`, without its types: this package does not need node-cron. */
export interface RunCoordinator {
  shouldRun(key: string, ttlMs: number): Promise<boolean>;
  onComplete(key: string): void;
}

/**
 * Lets one worker of all do each run of node-cron's `distributed` tasks:
 *
 * ```ts
 * cron.setRunCoordinator(createRunCoordinator());
 * cron.schedule('0 3 * * *', backUp, { name: 'backup', distributed: true });
 * ```
 *
 * node-cron's key of a run is the task's name with the scheduled time, so tasks with the same `name` are
 * one. A run is done once: when its worker is killed, nobody does it again. While the state cannot be
 * reached, node-cron skips and reports it.
 *
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option
 */
export function createRunCoordinator(options: OnceRunsOptions = {}): RunCoordinator {
  const runs = createOnceRuns(options);
  const underWay = new Map<string, OnceRun>();
  return {
    async shouldRun(key, ttlMs) {
      const run = await runs.begin(key, Math.max(ttlMs, KEEP_MS));
      if (run === undefined) return false;
      underWay.set(key, run);
      return true;
    },
    onComplete(key) {
      underWay.get(key)?.end();
      underWay.delete(key);
    },
  };
}
