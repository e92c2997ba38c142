// Any process that runs the app: the state that an adapter works on when its user names none.
import type { Cluster } from '../cluster.js';
import { getCluster } from '../current-cluster.js';
import type { StateStore } from './state-store.js';

/**
 * A namespace of the given state, or of this process's cluster. Looked up when it is needed: adapters are
 * often made at the top of a module, which runs before `bootstrap()` has made the cluster.
 */
export function stateNamespace(given: StateStore | undefined, name: string): () => StateStore {
  if (given !== undefined) {
    const state = given.namespace(name);
    return () => state;
  }
  let found: { readonly cluster: Cluster; readonly state: StateStore } | undefined;
  return () => {
    const cluster = getCluster();
    if (found?.cluster !== cluster) found = { cluster, state: cluster.state.namespace(name) };
    return found.state;
  };
}
