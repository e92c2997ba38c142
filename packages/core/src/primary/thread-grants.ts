// Primary: tells the workers that offload how many threads each may use, and again when that changes.
import { shareThreads } from '../central/thread-budget-policy.js';
import type { ToWorker } from '../protocol/messages.js';
import type { WorkerHandle } from './worker-handle.js';

/** What is needed of a worker's handle. */
type Claimant = Pick<WorkerHandle, 'id' | 'state' | 'wantsThreads'> & {
  send(message: ToWorker): boolean;
};

export interface ThreadGrants {
  /** Workers have come, changed their state, or gone. */
  update(workers: Iterable<Claimant>): void;
  /** The primary itself offloads; told of its share now and whenever that changes. */
  claimOwn(onGrant: (threads: number) => void): void;
}

/** The primary among the claimants. */
const OWN_ID = 0;

export function createThreadGrants(budgetThreads: number): ThreadGrants {
  const granted = new Map<number, number>();
  let workers: readonly Claimant[] = [];
  let onOwnGrant: ((threads: number) => void) | undefined;

  /** False when that is what it has. */
  const changes = (id: number, threads: number): boolean => {
    if (granted.get(id) === threads) return false;
    granted.set(id, threads);
    return true;
  };

  const share = (): void => {
    const claimants = workers.map(({ id, state }) => ({
      id,
      isLeaving: state.name === 'draining',
    }));
    // When all workers leave, as in a shutdown, this process has as much left to do as they, and not more.
    const isLeaving = claimants.length > 0 && claimants.every((each) => each.isLeaving);
    const own = onOwnGrant === undefined ? [] : [{ id: OWN_ID, isLeaving }];
    const shares = shareThreads(budgetThreads, [...claimants, ...own]);
    for (const id of granted.keys()) if (!shares.has(id)) granted.delete(id);
    const ownThreads = shares.get(OWN_ID);
    if (ownThreads !== undefined && changes(OWN_ID, ownThreads)) onOwnGrant?.(ownThreads);
    for (const worker of workers) {
      const threads = shares.get(worker.id) ?? 1;
      // All live ones have a share, so that it is there when they ask; only who has asked is told.
      if (worker.wantsThreads && changes(worker.id, threads)) {
        worker.send({ type: 'threadGrant', threads });
      }
    }
  };

  return {
    update(all) {
      workers = [...all].filter(({ state }) => state.name !== 'gone' && state.name !== 'killed');
      share();
    },
    claimOwn(onGrant) {
      onOwnGrant = onGrant;
      share();
    },
  };
}
