// Any process: lets a shutdown wait for work that is under way.
import type { Cluster } from '../cluster.js';
import { deferred } from '../deferred.js';

/**
 * From now on the process's drain waits before anything is closed, for as long as a hook may take.
 *
 * @param name shown when the work takes longer than that
 * @returns says that the work has ended
 */
export function delayShutdown(onShutdown: Cluster['onShutdown'], name: string): () => void {
  const ended = deferred<void>();
  const removeHook = onShutdown(async () => await ended.promise, { phase: 'prepare', name });
  return () => {
    ended.resolve();
    removeHook();
  };
}
