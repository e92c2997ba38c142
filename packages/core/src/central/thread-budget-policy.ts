// Primary or single process: how the threads for offloaded tasks are shared among the processes of the cluster. Pure.

/** A process that may offload. */
export interface ThreadClaimant {
  readonly id: number;
  /** It drains: it has only what it has begun. */
  readonly isLeaving: boolean;
}

/**
 * Every process gets at least one thread, or its calls would wait for ever; beyond that there are never
 * more than the budget. Those that leave get one, the others equal shares, the first ones what is left
 * over. When all leave, as in a shutdown, they share: nobody else needs it.
 */
export function shareThreads(
  budget: number,
  claimants: readonly ThreadClaimant[],
): ReadonlyMap<number, number> {
  const staying = claimants.filter(({ isLeaving }) => !isLeaving);
  const sharing = staying.length > 0 ? staying : claimants;
  const toShare = Math.max(0, budget - (claimants.length - sharing.length));
  const share = Math.floor(toShare / Math.max(1, sharing.length));
  const leftOver = toShare - share * sharing.length;
  const shares = new Map(claimants.map(({ id }) => [id, 1]));
  for (const [index, { id }] of sharing.entries()) {
    shares.set(id, Math.max(1, share + (index < leftOver ? 1 : 0)));
  }
  return shares;
}

/** How many threads are worth having: one for each core that the cgroup grants in full, at least 1. */
export function threadsOf(cores: number): number {
  return Math.max(1, Math.floor(cores));
}
