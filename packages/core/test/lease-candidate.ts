// Test process: a worker as the policies of leases and steering see it.
import type { LeaseCandidate } from '../src/primary/lease-policy.js';

/** Its id is that of its seat unless it is a later one's. */
export function leaseCandidate(
  workerId: number,
  state: LeaseCandidate['state'] = 'ready',
  more: Partial<LeaseCandidate> = {},
): LeaseCandidate {
  return { id: workerId, workerId, state, connections: 0, utilizationRatio: 0, ...more };
}
