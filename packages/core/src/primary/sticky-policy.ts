// Primary: sends a client's connections to one worker, by the client's address.
import { nodeCrypto } from '../builtins.js';
import type { NativeHandle } from '../protocol/native-handle.js';
import type { DispatchPolicy, DispatchView } from './connection-dispatcher.js';
import type { GroupMember } from './listener-group.js';

/** How many clients are remembered; the one that has been away longest is forgotten first. */
const MAX_CLIENTS = 100_000;

/**
 * A client stays with its worker until that one has left, its drain included. New clients are spread by
 * rendezvous hashing, so that a worker that comes or goes moves no other worker's clients.
 */
export function bySourceAddress(): DispatchPolicy {
  const workerOf = new Map<string, number>();

  const remember = (address: string, id: number): void => {
    workerOf.delete(address);
    workerOf.set(address, id);
    const [oldest] = workerOf.keys();
    if (workerOf.size > MAX_CLIENTS && oldest !== undefined) workerOf.delete(oldest);
  };

  return {
    keepsClients: true,
    pick(connection, { eligible, members, isBusy }: DispatchView) {
      const address = peerAddress(connection);
      const known = members.find(
        ({ id, state }) =>
          id === workerOf.get(address) && (state === 'ready' || state === 'draining'),
      );
      const member = known ?? rendezvous(address, eligible);
      if (member === undefined || isBusy(member)) return undefined;
      remember(address, member.id);
      return member;
    },
  };
}

/** The member with the highest hash for this key; seats rather than workers, so that a reload moves nobody. */
export function rendezvous(key: string, members: readonly GroupMember[]): GroupMember | undefined {
  const score = ({ workerId }: GroupMember): string =>
    nodeCrypto().createHash('sha1').update(`${workerId}|${key}`).digest('hex');
  return members
    .map((member) => ({ member, score: score(member) }))
    .toSorted((a, b) =>
      // Two of one seat, in the middle of a reload: the newer one is there to stay.
      a.score === b.score ? b.member.id - a.member.id : a.score < b.score ? 1 : -1,
    )[0]?.member;
}

function peerAddress(connection: NativeHandle): string {
  const peer: { address?: string } = {};
  connection.getpeername?.(peer);
  return peer.address ?? 'local';
}
