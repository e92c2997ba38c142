// Primary: what is steered at the moment on one address, and how often that may change.
import type { LeaseCandidate } from './lease-policy.js';
import { planSteering } from './steering-policy.js';
import type { Steering } from './steering-policy.js';

/**
 * What is steered away from a worker makes it idle, and the other one busy, by itself: after that, the figures
 * are only worth something again when all have had their share for a while.
 */
const REST_MS = 10_000;

/**
 * @param maxPerSecond how often within a second it may begin to steer; default: as often as there is a reason
 * @returns a function to be called whenever the workers have changed
 */
export function createSteering(
  nowMs: () => number,
  maxPerSecond: number = Infinity,
): (candidates: readonly LeaseCandidate[]) => Steering | undefined {
  const beginningsMs: number[] = [];
  let current: Steering | undefined;
  let restUntilMs = -Infinity;

  const isOneTooMany = (): boolean => {
    const sinceMs = nowMs() - 1_000;
    while ((beginningsMs[0] ?? Infinity) < sinceMs) beginningsMs.shift();
    if (beginningsMs.length >= maxPerSecond) return true;
    beginningsMs.push(nowMs());
    return false;
  };

  return (candidates) => {
    const before = current;
    const next = planSteering(candidates, before, nowMs() >= restUntilMs);
    if (before?.why === 'overload' && next !== before) restUntilMs = nowMs() + REST_MS;
    current = next !== undefined && next !== before && isOneTooMany() ? undefined : next;
    return current;
  };
}
