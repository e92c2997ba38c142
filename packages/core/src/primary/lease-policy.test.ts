// Who accepts from which slot, and when new connections are steered.
import { describe, expect, it } from 'vitest';
import { planLeases, planSteering } from './lease-policy.js';
import type { LeaseCandidate, Leases, Steering } from './lease-policy.js';

/** A worker; its id is that of its seat unless it is a later one's. */
function worker(
  workerId: number,
  state: LeaseCandidate['state'] = 'ready',
  more: Partial<LeaseCandidate> = {},
): LeaseCandidate {
  return { id: workerId, workerId, state, connections: 0, utilizationRatio: 0, ...more };
}

const NONE: Leases = new Map();
const leases = (...ids: readonly number[]): Leases => new Map(ids.entries());

describe('leases', () => {
  it('give every worker the slot of its seat', () => {
    expect(planLeases(3, [worker(1), worker(2), worker(3)], NONE)).toEqual(leases(1, 2, 3));
  });

  it.each(['stalled', 'draining', 'booting'] as const)(
    'let a sibling cover for a worker that is %s, the one with the fewest connections',
    (state) => {
      const candidates = [
        worker(1, state),
        worker(2, 'ready', { connections: 9 }),
        worker(3, 'ready', { connections: 4 }),
      ];
      expect(planLeases(3, candidates, leases(1, 2, 3))).toEqual(leases(3, 2, 3));
    },
  );

  it('spread the slots of several lost workers', () => {
    const candidates = [worker(3), worker(4, 'ready', { connections: 50 })];
    expect(planLeases(4, candidates, leases(1, 2, 3, 4))).toEqual(leases(3, 4, 3, 4));
  });

  it('end the cover when the replacement is ready', () => {
    const replacement = worker(1, 'ready', { id: 4 });
    expect(planLeases(3, [replacement, worker(2), worker(3)], leases(3, 2, 3))).toEqual(
      leases(4, 2, 3),
    );
  });

  it('go to the newer of two that are ready in one seat, as during a reload', () => {
    const candidates = [worker(1), worker(2), worker(1, 'ready', { id: 3 })];
    expect(planLeases(2, candidates, leases(1, 2))).toEqual(leases(3, 2));
  });

  it('leave a cover where it is when only connections change', () => {
    const candidates = [worker(2, 'ready', { connections: 80 }), worker(3)];
    expect(planLeases(3, candidates, leases(2, 2, 3))).toEqual(leases(2, 2, 3));
  });

  it('go to those that boot while nobody is ready, so that clients wait no longer than needed', () => {
    expect(planLeases(2, [worker(1, 'booting'), worker(2, 'draining')], NONE)).toEqual(
      leases(1, 1),
    );
  });

  it('stay with a stalled worker while there is nobody else: it may recover', () => {
    expect(planLeases(1, [worker(1, 'stalled')], leases(1))).toEqual(leases(1));
  });

  it('are held by nobody when nobody is left', () => {
    expect(planLeases(2, [], leases(1, 2))).toEqual(NONE);
  });

  it('of the worker with most go to the one with fewest while connections are steered', () => {
    const candidates = [worker(1), worker(2), worker(3)];
    expect(
      planLeases(3, candidates, leases(1, 2, 3), { from: 1, to: 3, why: 'connections' }),
    ).toEqual(leases(3, 2, 3));
    expect(planLeases(3, candidates, leases(3, 2, 3))).toEqual(leases(1, 2, 3));
  });

  it('are not steered to one that is no longer ready', () => {
    const candidates = [worker(1), worker(2), worker(3, 'draining')];
    const plan = planLeases(3, candidates, leases(1, 2, 3), { from: 1, to: 3, why: 'connections' });
    expect(plan.get(0)).toBe(1);
    expect([...plan.values()]).not.toContain(3);
  });
});

describe('steering', () => {
  const withConnections = (...counts: readonly number[]): LeaseCandidate[] =>
    counts.map((connections, index) => worker(index + 1, 'ready', { connections }));

  it('leaves small differences alone: short connections come and go', () => {
    expect(planSteering(withConnections(12, 0), undefined)).toBeUndefined();
    expect(planSteering(withConnections(1_060, 1_000, 980), undefined)).toBeUndefined();
  });

  it('goes from the worker with most to the one with fewest', () => {
    expect(planSteering(withConnections(20, 60, 10, 30), undefined)).toEqual({
      from: 2,
      to: 3,
      why: 'connections',
    });
  });

  it('goes on below the threshold, and ends at half of it', () => {
    const current: Steering = { from: 1, to: 2, why: 'connections' };
    expect(planSteering(withConnections(17, 10), current)).toBe(current);
    expect(planSteering(withConnections(16, 10), current)).toBeUndefined();
  });

  it('turns to others that have drifted further apart meanwhile', () => {
    const current: Steering = { from: 1, to: 2, why: 'connections' };
    expect(planSteering(withConnections(40, 25, 47), current)).toEqual({
      from: 3,
      to: 2,
      why: 'connections',
    });
    expect(planSteering(withConnections(40, 25, 18), current)).toEqual({
      from: 1,
      to: 3,
      why: 'connections',
    });
    expect(planSteering(withConnections(40, 25, 45), current)).toBe(current);
  });

  it('ends with either of its workers', () => {
    const gone: Steering = { from: 9, to: 2, why: 'connections' };
    expect(planSteering(withConnections(10, 3), gone)).toBeUndefined();
    expect(planSteering(withConnections(100, 3), gone)).toEqual({
      from: 1,
      to: 2,
      why: 'connections',
    });
    expect(
      planSteering(withConnections(10, 3), { from: 1, to: 9, why: 'connections' }),
    ).toBeUndefined();
  });

  it('takes only workers that are ready into account', () => {
    const candidates = [
      worker(1, 'ready', { connections: 90 }),
      worker(2, 'draining', { connections: 0 }),
      worker(3, 'stalled', { connections: 200 }),
    ];
    expect(planSteering(candidates, { from: 1, to: 2, why: 'connections' })).toBeUndefined();
    expect(planSteering([], undefined)).toBeUndefined();
  });

  const withUtilization = (...ratios: readonly number[]): LeaseCandidate[] =>
    ratios.map((utilizationRatio, index) => worker(index + 1, 'ready', { utilizationRatio }));
  const relief: Steering = { from: 2, to: 3, why: 'overload' };

  it('goes from an overloaded worker to the one with most room', () => {
    expect(planSteering(withUtilization(0.4, 1, 0.1), undefined)).toEqual(relief);
    expect(planSteering(withUtilization(0.4, 0.95, 0.1), undefined)).toBeUndefined();
  });

  it('leaves overload where it is while nobody has room for as much again', () => {
    expect(planSteering(withUtilization(0.7, 1, 0.6), undefined)).toBeUndefined();
    expect(planSteering(withUtilization(1, 1, 1), undefined)).toBeUndefined();
  });

  it('away from overload goes on until the one has time, or the other has none', () => {
    expect(planSteering(withUtilization(0.1, 0.85, 0.75), relief)).toBe(relief);
    expect(planSteering(withUtilization(0.1, 0.75, 0.75), relief)).toBeUndefined();
    expect(planSteering(withUtilization(0.6, 1, 0.85), relief)).toBeUndefined();
    expect(planSteering(withUtilization(0.1, 1, 0.85), relief)).toEqual({ ...relief, to: 1 });
  });

  it('never sends more to an overloaded worker, unless all are', () => {
    const [few, some, many] = [
      worker(1, 'ready', { connections: 0, utilizationRatio: 1 }),
      worker(2, 'ready', { connections: 20, utilizationRatio: 0.7 }),
      worker(3, 'ready', { connections: 50, utilizationRatio: 0.7 }),
    ];
    const toSome: Steering = { from: 3, to: 2, why: 'connections' };
    expect(planSteering([few, some, many], undefined)).toEqual(toSome);
    expect(planSteering([few, some, many], { from: 3, to: 1, why: 'connections' })).toEqual(toSome);
    for (const each of [some, many]) Object.assign(each, { utilizationRatio: 1 });
    expect(planSteering([few, some, many], undefined)).toEqual({
      from: 3,
      to: 1,
      why: 'connections',
    });
  });
});
