// When new connections are steered, and between whom.
import { describe, expect, it } from 'vitest';
import { leaseCandidate as worker } from '../../test/lease-candidate.js';
import type { LeaseCandidate } from './lease-policy.js';
import { planSteering } from './steering-policy.js';
import type { Steering } from './steering-policy.js';

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
    // What follows from it shows in the next figures only.
    expect(planSteering(withUtilization(0.1, 1, 0.85), relief)).toBeUndefined();
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
