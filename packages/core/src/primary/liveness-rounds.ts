// Primary: looks at every worker at regular intervals.
import type { ResolvedOptions } from '../options.js';
import type { System } from '../system.js';
import type { WorkerHandle } from './worker-handle.js';

const MIN_INTERVAL_MS = 20;
const MAX_INTERVAL_MS = 500;

/**
 * Checks the workers' liveness, and then calls `afterEach`, until it is stopped.
 *
 * @returns a function that stops it
 */
export function startLivenessRounds(
  workers: Iterable<WorkerHandle>,
  options: ResolvedOptions,
  system: Pick<System, 'nowMs' | 'setTimer'>,
  afterEach: () => void,
): () => void {
  const intervalMs = Math.max(MIN_INTERVAL_MS, Math.min(MAX_INTERVAL_MS, options.heartbeatMs / 2));
  let cancel: (() => void) | undefined;

  const schedule = (): void => {
    const dueMs = system.nowMs() + intervalMs;
    cancel = system.setTimer(() => {
      // When the primary itself did not run (stopped, starved), it cannot judge what it did not hear.
      const lateMs = system.nowMs() - dueMs;
      for (const worker of workers) {
        if (lateMs > options.heartbeatMs) worker.excuse(lateMs);
        else worker.checkLiveness(options);
      }
      afterEach();
      // One of these may have been the last worker of a shutdown.
      if (cancel !== undefined) schedule();
    }, intervalMs);
  };
  schedule();
  return () => {
    cancel?.();
    cancel = undefined;
  };
}
