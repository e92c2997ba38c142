// Primary: which worker is asked when any will do. Pure.
import type { WorkerState } from './worker-state.js';

export interface Candidate {
  readonly state: WorkerState['name'];
  /** Requests that it has not answered yet. */
  readonly pending: number;
}

/** The lower, the better; a worker that leaves, or does not respond, only when there is nobody else. */
const RANKS: Readonly<Record<WorkerState['name'], number>> = {
  ready: 0,
  booting: 1,
  draining: 2,
  stalled: 3,
  killed: 4,
  gone: 5,
};

/**
 * The index of the least busy candidate of the best rank; of equals the one after `last`, so that they
 * take turns. Undefined without candidates.
 */
export function chooseResponder(
  candidates: readonly Candidate[],
  last: number,
): number | undefined {
  const worth = ({ state, pending }: Candidate): number => RANKS[state] * 1e9 + pending;
  const turn = (index: number): number =>
    (index - last - 1 + candidates.length) % candidates.length;
  return candidates
    .map((candidate, index) => ({ index, worth: worth(candidate) }))
    .toSorted((a, b) => a.worth - b.worth || turn(a.index) - turn(b.index))[0]?.index;
}
