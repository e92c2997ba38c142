// Who accepts from which slot.
import { describe, expect, it } from 'vitest';
import { leaseCandidate as worker } from '../../test/lease-candidate.js';
import { planLeases } from './lease-policy.js';
import type { Leases } from './lease-policy.js';

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
