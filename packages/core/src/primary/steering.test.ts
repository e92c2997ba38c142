// Steering in a loop with what it does: workers that get busy by what is steered to them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planLeases } from './lease-policy.js';
import type { LeaseCandidate, Leases } from './lease-policy.js';
import { createSteering } from './steering.js';

const STEP_MS = 50;

interface Burst {
  readonly atMs: number;
  /** Work that worker 1 has beside what is steered. */
  readonly workMs: number;
}

/**
 * Workers with a constant load of short connections, in virtual time; each measures itself and tells once a
 * second, at a moment of its own. Returns when steering away from an overloaded worker began.
 *
 * @param loadRatio of one worker's time, when all have the same share
 */
function simulate(
  phasesMs: readonly number[],
  loadRatio: number,
  burst: Burst,
  endMs: number,
): number[] {
  let nowMs = 0;
  const steer = createSteering(() => nowMs);
  let leases: Leases = new Map();
  const workers = phasesMs.map((phaseMs, index) => ({
    phaseMs,
    id: index + 1,
    waitingMs: 0,
    busyMs: 0,
    told: undefined as number | undefined,
  }));
  const beginnings: number[] = [];
  let isRelieving = false;

  for (; nowMs < endMs; nowMs += STEP_MS) {
    const candidates = workers.map(({ id, told }): LeaseCandidate => ({
      id,
      workerId: id,
      state: 'ready',
      connections: 0,
      utilizationRatio: told,
    }));
    const steering = steer(candidates);
    const relieves = steering?.why === 'overload';
    if (relieves && !isRelieving) beginnings.push(nowMs);
    isRelieving = relieves;
    leases = planLeases(workers.length, candidates, leases, steering);

    for (const worker of workers) {
      const slots = [...leases.values()].filter((holder) => holder === worker.id).length;
      worker.waitingMs += slots * loadRatio * STEP_MS;
      if (worker.id === 1 && nowMs === burst.atMs) worker.waitingMs += burst.workMs;
      const workedMs = Math.min(STEP_MS, worker.waitingMs);
      worker.waitingMs -= workedMs;
      worker.busyMs += workedMs;
      if ((nowMs + worker.phaseMs) % 1_000 !== 0) continue;
      worker.told = worker.busyMs / 1_000;
      worker.busyMs = 0;
    }
  }
  return beginnings;
}

const phases = fc.array(
  fc.nat(19).map((step) => step * STEP_MS),
  { minLength: 2, maxLength: 6 },
);

describe('steering away from an overloaded worker', () => {
  it('helps one that has more than it can do, and lasts as long as that', () => {
    const beginnings = simulate([0, 300], 0.2, { atMs: 5_000, workMs: 30_000 }, 60_000);
    expect(beginnings).toHaveLength(1);
    expect(beginnings[0]).toBeLessThanOrEqual(7_000);
  });

  it('comes to rest under any constant load, whatever has happened before', () => {
    fc.assert(
      fc.property(
        phases,
        fc.double({ min: 0.05, max: 0.85, noNaN: true }),
        fc.integer({ min: 0, max: 6_000 }),
        (phasesMs, loadRatio, workMs) => {
          const beginnings = simulate(phasesMs, loadRatio, { atMs: 5_000, workMs }, 120_000);
          expect(beginnings.length).toBeLessThanOrEqual(3);
          expect(beginnings.filter((atMs) => atMs > 60_000)).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
