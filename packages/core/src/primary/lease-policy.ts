// Primary: decides which worker accepts from which slot. Pure.
import type { Steering } from './steering-policy.js';

/** A worker that listens on the address in question. */
export interface LeaseCandidate {
  /** Unique, and higher for workers started later. */
  readonly id: number;
  /** Its seat: slot `workerId - 1` is its home. */
  readonly workerId: number;
  readonly state: 'booting' | 'ready' | 'stalled' | 'draining';
  readonly connections: number;
  /** Share of its time that its event loop was busy, of 1, as last reported; undefined before that is known. */
  readonly utilizationRatio: number | undefined;
}

/** Who holds each slot: worker ids by slot number. */
export type Leases = ReadonlyMap<number, number>;

/**
 * Every slot goes to the newest ready worker of its seat; else to the ready worker with the fewest
 * leases and connections; else, while none is ready, to one that boots; and otherwise stays.
 */
export function planLeases(
  slotCount: number,
  candidates: readonly LeaseCandidate[],
  current: Leases,
  steering?: Steering,
): Leases {
  const ready = candidates.filter(({ state }) => state === 'ready');
  const eligible = ready.length > 0 ? ready : candidates.filter(({ state }) => state === 'booting');
  const plan = new Map<number, number>();
  const leaseCounts = new Map<number, number>();
  const assign = (slot: number, id: number): void => {
    plan.set(slot, id);
    leaseCounts.set(id, (leaseCounts.get(id) ?? 0) + 1);
  };

  for (let slot = 0; slot < slotCount; slot++) {
    const home = newest(eligible.filter(({ workerId }) => workerId === slot + 1));
    if (home !== undefined) assign(slot, home.id);
  }
  for (let slot = 0; slot < slotCount; slot++) {
    if (plan.has(slot)) continue;
    const holder = current.get(slot);
    const cover = eligible.toSorted(
      (a, b) =>
        (leaseCounts.get(a.id) ?? 0) - (leaseCounts.get(b.id) ?? 0) ||
        // Nothing moves without need.
        Number(b.id === holder) - Number(a.id === holder) ||
        a.connections - b.connections ||
        a.id - b.id,
    )[0];
    if (cover !== undefined) assign(slot, cover.id);
    else if (candidates.some(({ id }) => id === holder) && holder !== undefined)
      plan.set(slot, holder);
  }
  if (steering !== undefined && ready.some(({ id }) => id === steering.to)) {
    for (const [slot, id] of plan) if (id === steering.from) plan.set(slot, steering.to);
  }
  return plan;
}

function newest(candidates: readonly LeaseCandidate[]): LeaseCandidate | undefined {
  return candidates.toSorted((a, b) => b.id - a.id)[0];
}
