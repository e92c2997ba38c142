// Any process: the embedded store's leases. Like entries they take room, and expire without timers; unlike
// them they are never given up for others.
import { createExpiryHeap } from './expiry-heap.js';
import type { Expiring } from './expiry-heap.js';
import type { StateOperation } from './state-backend.js';

/** What a lease takes beside its name and owner, roughly, in bytes. */
const LEASE_OVERHEAD_BYTES = 128;

type LeaseOperation<N> = Extract<StateOperation, { readonly name: N }>;

/** One lease on its way to a file or to another engine: name, owner, fencing token, remaining ms. */
export type LeaseRecord = readonly [
  lease: string,
  owner: string,
  token: number,
  expiresInMs: number,
];

export interface MemoryLeases {
  readonly size: number;
  readonly bytes: number;
  /** @returns the fencing token, or undefined when somebody else holds it */
  acquire(operation: LeaseOperation<'acquireLease'>, nowMs: number): number | undefined;
  renew(operation: LeaseOperation<'renewLease'>, nowMs: number): boolean;
  release(operation: LeaseOperation<'releaseLease'>): void;
  releaseAllOf(ownerPrefix: string): void;
  /** Removes one that has expired; false when there is none. */
  expireOne(nowMs: number): boolean;
  records(nowMs: number): LeaseRecord[];
  restore(record: LeaseRecord, nowMs: number): void;
}

interface HeldLease extends Expiring {
  readonly name: string;
  readonly owner: string;
  readonly token: number;
}

export interface MemoryLeasesParts {
  readonly nextToken: () => number;
  /** @throws {CorralError} `STATE_FULL` */
  readonly makeRoom: (bytes: number, nowMs: number) => void;
}

export function createMemoryLeases({ nextToken, makeRoom }: MemoryLeasesParts): MemoryLeases {
  const leases = new Map<string, HeldLease>();
  const expiring = createExpiryHeap<HeldLease>();
  let bytes = 0;

  const remove = (lease: HeldLease): void => {
    leases.delete(lease.name);
    expiring.remove(lease);
    bytes -= sizeOfLease(lease);
  };
  const add = (name: string, owner: string, token: number, expiresAtMs: number): void => {
    const lease: HeldLease = { name, owner, token, expiresAtMs, heapIndex: -1 };
    leases.set(name, lease);
    expiring.schedule(lease, expiresAtMs);
    bytes += sizeOfLease(lease);
  };
  const live = (name: string, nowMs: number): HeldLease | undefined => {
    const lease = leases.get(name);
    if (lease === undefined || lease.expiresAtMs > nowMs) return lease;
    remove(lease);
    return undefined;
  };

  return {
    get size() {
      return leases.size;
    },
    get bytes() {
      return bytes;
    },
    acquire({ lease: name, owner, ttlMs }, nowMs) {
      const held = live(name, nowMs);
      if (held !== undefined) {
        // The same acquisition, told a second time.
        return held.owner === owner ? held.token : undefined;
      }
      makeRoom(sizeOfLease({ name, owner }), nowMs);
      const token = nextToken();
      add(name, owner, token, nowMs + ttlMs);
      return token;
    },
    renew({ lease: name, owner, ttlMs }, nowMs) {
      const held = live(name, nowMs);
      if (held?.owner !== owner) return false;
      expiring.schedule(held, nowMs + ttlMs);
      return true;
    },
    release({ lease: name, owner }) {
      const held = leases.get(name);
      if (held?.owner === owner) remove(held);
    },
    releaseAllOf(ownerPrefix) {
      for (const lease of leases.values()) if (lease.owner.startsWith(ownerPrefix)) remove(lease);
    },
    expireOne(nowMs) {
      const { first } = expiring;
      if (first === undefined || first.expiresAtMs > nowMs) return false;
      remove(first);
      return true;
    },
    records: (nowMs) =>
      [...leases.values()].map(({ name, owner, token, expiresAtMs }) => [
        name,
        owner,
        token,
        Math.max(0, expiresAtMs - nowMs),
      ]),
    restore([name, owner, token, expiresInMs], nowMs) {
      if (live(name, nowMs) === undefined) add(name, owner, token, nowMs + expiresInMs);
    },
  };
}

function sizeOfLease({ name, owner }: { readonly name: string; readonly owner: string }): number {
  return Buffer.byteLength(name) + owner.length + LEASE_OVERHEAD_BYTES;
}
