// Any process: lets a shutdown wait for work that is under way.
import type { Cluster } from '../cluster.js';
import { deferred } from '../deferred.js';

/**
 * From now on the process's drain waits before anything is closed, for as long as a hook may take.
 *
 * @param name shown when the work takes longer than that
 * @param onDrain called when the drain begins meanwhile, or has begun
 * @returns says that the work has ended
 */
export function delayShutdown(
  onShutdown: Cluster['onShutdown'],
  name: string,
  onDrain?: () => void,
): () => void {
  const ended = deferred<void>();
  const hook = async (): Promise<void> => {
    onDrain?.();
    await ended.promise;
  };
  const removeHook = onShutdown(hook, { phase: 'prepare', name });
  return () => {
    ended.resolve();
    removeHook();
  };
}
