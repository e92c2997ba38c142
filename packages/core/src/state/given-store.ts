// Any process: a store that the user has given to bootstrap(): every process has a connection of its own.
import type { Cluster } from '../cluster.js';
import type { StateStore } from './state-store.js';

/**
 * Health says degraded while the store does not answer: what needs it fails, the process itself is well.
 * It is closed last, for hooks of earlier phases may use it.
 */
export function attachGivenStore(
  store: StateStore,
  cluster: Pick<Cluster, 'health' | 'onShutdown'>,
): void {
  cluster.health.addCheck('state', async () => await store.ping(), { critical: false });
  cluster.onShutdown(async () => await store.close(), { phase: 'final', name: 'state' });
}
