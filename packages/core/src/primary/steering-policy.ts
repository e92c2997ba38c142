// Primary: decides between which two workers new connections are steered. Pure.
import type { LeaseCandidate } from './lease-policy.js';

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
 * What an overloaded worker would get goes to one that has room; else counts of connections are evened out.
 *
 * @param mayRelieve whether it may begin now to steer away from an overloaded worker
 */
export function planSteering(
  candidates: readonly LeaseCandidate[],
  current: Steering | undefined,
  mayRelieve: boolean = true,
): Steering | undefined {
  const ready = candidates.filter(({ state }) => state === 'ready');
  return relieve(ready, current, mayRelieve) ?? evenOut(ready, current);
}

function relieve(
  ready: readonly LeaseCandidate[],
  current: Steering | undefined,
  mayRelieve: boolean,
): Steering | undefined {
  if (current?.why === 'overload') {
    const from = find(ready, current.from)?.utilizationRatio ?? 0;
    const to = find(ready, current.to)?.utilizationRatio ?? 1;
    return from > RELIEVED_RATIO && to < RELIEVED_RATIO ? current : undefined;
  }
  if (!mayRelieve) return undefined;
  const byUtilization = ready
    .flatMap(({ id, utilizationRatio: ratio }) => (ratio === undefined ? [] : [{ id, ratio }]))
    .toSorted((a, b) => a.ratio - b.ratio || a.id - b.id);
  const [least, most] = [byUtilization[0], byUtilization.at(-1)];
  if (least === undefined || most === undefined) return undefined;
  return most.ratio >= OVERLOADED_RATIO && least.ratio <= HAS_ROOM_RATIO
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
    ({ utilizationRatio = 0 }) => utilizationRatio < OVERLOADED_RATIO,
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
