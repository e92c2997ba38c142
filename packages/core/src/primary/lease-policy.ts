// Primary: decides which worker accepts from which slot. Pure.

/** A worker that listens on the address in question. */
export interface LeaseCandidate {
  /** Unique, and higher for workers started later. */
  readonly id: number;
  /** Its seat: slot `workerId - 1` is its home. */
  readonly workerId: number;
  readonly state: 'booting' | 'ready' | 'stalled' | 'draining';
  readonly connections: number;
  /** Share of its time that its event loop was busy, of 1, as last reported. */
  readonly utilizationRatio: number;
}

/** Who holds each slot: worker ids by slot number. */
export type Leases = ReadonlyMap<number, number>;

/** One worker's slots are lent to another, so that new connections go there. */
export interface Steering {
  readonly from: number;
  readonly to: number;
  /** Until their connections are even again, or until the first has time again. */
  readonly why: 'connections' | 'overload';
}

/** Below this difference, counts are even enough: short connections come and go. */
const MIN_DIFFERENCE = 12;
const MAX_DIFFERENCE_RATIO = 0.08;
/** An event loop as busy as this leaves what is new waiting … */
const OVERLOADED_RATIO = 0.98;
/** … and one no busier than this can take as much again. */
const HAS_ROOM_RATIO = 0.5;
/** Between the two a steering goes on as it was. */
const RELIEVED_RATIO = 0.8;

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

/** What an overloaded worker would get goes to one that has room; else counts of connections are evened out. */
export function planSteering(
  candidates: readonly LeaseCandidate[],
  current: Steering | undefined,
): Steering | undefined {
  const ready = candidates.filter(({ state }) => state === 'ready');
  return relieve(ready, current) ?? evenOut(ready, current);
}

function relieve(
  ready: readonly LeaseCandidate[],
  current: Steering | undefined,
): Steering | undefined {
  const byUtilization = ready.toSorted(
    (a, b) => a.utilizationRatio - b.utilizationRatio || a.id - b.id,
  );
  const [least, most] = [byUtilization[0], byUtilization.at(-1)];
  if (least === undefined || most === undefined) return undefined;
  if (current?.why === 'overload') {
    const [from, to] = [find(ready, current.from), find(ready, current.to)];
    const goesOn =
      from !== undefined &&
      to !== undefined &&
      from.utilizationRatio > RELIEVED_RATIO &&
      to.utilizationRatio < RELIEVED_RATIO;
    if (goesOn) return current;
  }
  return most.utilizationRatio >= OVERLOADED_RATIO && least.utilizationRatio <= HAS_ROOM_RATIO
    ? { from: most.id, to: least.id, why: 'overload' }
    : undefined;
}

/** Begins above the threshold, and ends at half of it. */
function evenOut(
  ready: readonly LeaseCandidate[],
  current: Steering | undefined,
): Steering | undefined {
  const byConnections = ready.toSorted((a, b) => a.connections - b.connections || a.id - b.id);
  const withTime = byConnections.filter(
    ({ utilizationRatio }) => utilizationRatio < OVERLOADED_RATIO,
  );
  const takers = withTime.length > 0 ? withTime : byConnections;
  const least = takers[0];
  const most = byConnections.at(-1);
  if (least === undefined || most === undefined || least === most) return undefined;
  const mean = ready.reduce((sum, { connections }) => sum + connections, 0) / ready.length;
  const threshold = Math.max(MIN_DIFFERENCE, mean * MAX_DIFFERENCE_RATIO);
  if (current?.why === 'connections') {
    const [from, to] = [find(ready, current.from), find(takers, current.to)];
    if (
      from !== undefined &&
      to !== undefined &&
      from.connections - to.connections > threshold / 2 &&
      // Unless others have drifted further apart meanwhile.
      Math.max(most.connections - from.connections, to.connections - least.connections) <=
        threshold / 2
    ) {
      return current;
    }
  }
  return most.connections - least.connections > threshold
    ? { from: most.id, to: least.id, why: 'connections' }
    : undefined;
}

function find(candidates: readonly LeaseCandidate[], id: number): LeaseCandidate | undefined {
  return candidates.find((candidate) => candidate.id === id);
}
