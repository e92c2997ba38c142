// Which worker a client gets with balance: 'sticky'.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NativeHandle } from '../protocol/native-handle.js';
import type { DispatchPolicy, DispatchView } from './connection-dispatcher.js';
import type { GroupMember } from './listener-group.js';
import { bySourceAddress, rendezvous } from './sticky-policy.js';

function member(
  workerId: number,
  state: GroupMember['state'] = 'ready',
  id = workerId,
): GroupMember {
  const figures = { connections: 0, utilizationRatio: 0 };
  return { id, workerId, state, ...figures, send: () => true, isFull: false, isGone: () => false };
}

function connectionFrom(address?: string): NativeHandle {
  return {
    listen: () => 0,
    close: () => undefined,
    getpeername(out) {
      if (address !== undefined) out.address = address;
      return 0;
    },
  };
}

function view(members: readonly GroupMember[], busy: readonly GroupMember[] = []): DispatchView {
  const ready = members.filter(({ state }) => state === 'ready');
  return {
    members,
    eligible: ready,
    free: ready.filter((each) => !busy.includes(each)),
    isBusy: (each) => busy.includes(each),
  };
}

function pickId(policy: DispatchPolicy, address: string, where: DispatchView): number | undefined {
  return policy.pick(connectionFrom(address), where)?.id;
}

const CLIENTS = Array.from({ length: 200 }, (_, index) => `10.0.0.${index}`);

describe('a client', () => {
  it('gets the same worker each time', () => {
    const policy = bySourceAddress();
    const where = view([member(1), member(2), member(3)]);
    const first = CLIENTS.map((client) => pickId(policy, client, where));
    expect(CLIENTS.map((client) => pickId(policy, client, where))).toEqual(first);
    expect(new Set(first)).toEqual(new Set([1, 2, 3]));
  });

  it('stays with its worker while that one drains, though another has its seat', () => {
    const policy = bySourceAddress();
    expect(pickId(policy, 'a', view([member(1)]))).toBe(1);
    const members = [member(1, 'draining'), member(1, 'ready', 2)];
    expect(pickId(policy, 'a', view(members))).toBe(1);
    expect(pickId(policy, 'new', view(members))).toBe(2);
  });

  it('stays with its worker when others come', () => {
    const policy = bySourceAddress();
    const before = CLIENTS.map((client) => pickId(policy, client, view([member(1), member(2)])));
    const more = view([member(1), member(2), member(3), member(4)]);
    expect(CLIENTS.map((client) => pickId(policy, client, more))).toEqual(before);
  });

  it('leaves its worker when that one has stalled or gone, for good', () => {
    const policy = bySourceAddress();
    pickId(policy, 'a', view([member(1)]));
    const stalled = view([member(1, 'stalled'), member(2)]);
    expect(pickId(policy, 'a', stalled)).toBe(2);
    expect(pickId(policy, 'a', view([member(1), member(2)]))).toBe(2);
  });

  it('waits for its worker while that one has not answered its last connection', () => {
    const policy = bySourceAddress();
    const [one, two] = [member(1), member(2)];
    const id = pickId(policy, 'a', view([one, two]));
    const busy = id === 1 ? one : two;
    expect(pickId(policy, 'a', view([one, two], [busy]))).toBeUndefined();
    expect(pickId(policy, 'a', view([one, two]))).toBe(id);
  });

  it('without an address, as on a Unix socket, is one and the same', () => {
    const policy = bySourceAddress();
    const where = view([member(1), member(2), member(3)]);
    const first = policy.pick(connectionFrom(), where);
    const nameless: NativeHandle = { listen: () => 0, close: () => undefined };
    expect(policy.pick(nameless, where)).toBe(first);
  });

  it('has nobody to go to while nobody is there', () => {
    expect(pickId(bySourceAddress(), 'a', view([]))).toBeUndefined();
  });
});

describe('rendezvous hashing', () => {
  const seats = (...workerIds: readonly number[]): GroupMember[] =>
    workerIds.map((workerId) => member(workerId));

  it('moves only the clients of a worker that leaves', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 32 }), { minLength: 2, maxLength: 12 }),
        fc.nat(11),
        fc.string(),
        (workerIds, which, client) => {
          const leaving = workerIds[which % workerIds.length];
          const before = rendezvous(client, seats(...workerIds))?.workerId;
          const rest = workerIds.filter((workerId) => workerId !== leaving);
          const after = rendezvous(client, seats(...rest))?.workerId;
          expect(before === leaving || after === before).toBe(true);
        },
      ),
    );
  });

  it('depends on who is there, not on their order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 32 }), { minLength: 1, maxLength: 8 }),
        fc.string(),
        (workerIds, client) => {
          const backwards = seats(...workerIds.toReversed());
          expect(rendezvous(client, backwards)?.workerId).toBe(
            rendezvous(client, seats(...workerIds))?.workerId,
          );
        },
      ),
    );
  });

  it('gives every worker about its share', () => {
    const workers = seats(1, 2, 3, 4);
    const counts = new Map<number, number>();
    for (let client = 0; client < 4_000; client++) {
      const { workerId = 0 } = rendezvous(`192.168.0.${client}`, workers) ?? {};
      counts.set(workerId, (counts.get(workerId) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  it('prefers the newer of two workers in one seat', () => {
    expect(rendezvous('a', [member(1, 'ready', 7), member(1, 'ready', 3)])?.id).toBe(7);
  });
});
