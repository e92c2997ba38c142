// Primary: one address as a group of sockets that the kernel spreads connections over. The primary keeps
// them; workers hold leases on them. So neither a crash nor a reload resets a queued connection.
import net from 'node:net';
import type { BoundAddress, ListenQuery } from '../protocol/messages.js';
import { isNativeHandle } from '../protocol/native-handle.js';
import type { NativeHandle } from '../protocol/native-handle.js';
import { planLeases } from './lease-policy.js';
import type { Leases } from './lease-policy.js';
import type { HandedOver, ListenerGroup } from './listener-group.js';
import { createSteering } from './steering.js';

/** libuv's UV_TCP_IPV6ONLY. */
const IPV6_ONLY = 1;
/** Each costs messages to two workers. */
const MAX_STEERINGS_PER_SECOND = 20;
/** How long after a slot that could not be bound it is tried again. */
const ADD_AGAIN_MS = 1_000;

/** Node ≥ 24.19 and ≥ 26.4 have it. */
const BoundSocket = (net as Partial<Pick<typeof net, 'BoundSocket'>>).BoundSocket;

/** Why slots cannot be used here, or undefined when they can. */
export function slotsUnavailable(): string | undefined {
  if (process.platform !== 'linux') return `listen slots need Linux, this is ${process.platform}`;
  if (BoundSocket === undefined) {
    return `listen slots need Node ≥ 24.19 or ≥ 26.4 (net.BoundSocket), this is ${process.version}`;
  }
  return undefined;
}

/**
 * Binds the first slot.
 *
 * @throws the bind error, also when another program listens on the address already
 */
export function openListenSlots(
  key: string,
  query: ListenQuery,
  report: (error: unknown) => void,
  nowMs: () => number,
  inherited?: HandedOver,
): ListenerGroup {
  const { bound, slots } = inherited === undefined ? bindFirst(query) : adopt(inherited);
  const steer = createSteering(nowMs, MAX_STEERINGS_PER_SECOND);
  let leases: Leases = new Map();
  /** Set when one could not be bound. */
  let addAgainMs: number | undefined;
  let isReleased = false;
  /** Until one of a successor's workers is ready, only the predecessor's accept. */
  let isPending = inherited !== undefined;

  /** More can join the group at any time; only leaving it would lose connections. */
  const addSlots = (count: number): void => {
    if (slots.length >= count || nowMs() < (addAgainMs ?? 0)) return;
    try {
      while (slots.length < count) slots.push(bind(bound.address, bound.port, query, true).handle);
      addAgainMs = undefined;
    } catch (error) {
      // Once, however often it fails.
      if (addAgainMs === undefined) report(error);
      addAgainMs = nowMs() + ADD_AGAIN_MS;
    }
  };

  return {
    bound,
    keepsClients: false,
    update(members) {
      isPending &&= members.every(({ state }) => state !== 'ready');
      if (isReleased || isPending) return;
      addSlots(Math.max(0, ...members.map(({ workerId }) => workerId)));
      const byId = new Map(members.map((member) => [member.id, member]));
      // As one that stalls, a full one gets nothing new; what it has, it may still answer.
      const candidates = members.map((member) =>
        member.isFull ? { ...member, state: 'stalled' as const } : member,
      );
      const next = planLeases(slots.length, candidates, leases, steer(candidates));
      for (const [slot, id] of next) {
        const previous = leases.get(slot);
        if (previous === id) continue;
        // Give before take, so that somebody accepts at every moment.
        byId.get(id)?.send({ type: 'grant', key, slot }, slots[slot]);
        if (previous !== undefined) byId.get(previous)?.send({ type: 'revoke', key, slot });
      }
      leases = next;
    },
    onUnlisten: () => undefined,
    onConnectionReply: () => undefined,
    onGrantLost({ id }, slot) {
      if (leases.get(slot) !== id) return;
      // So that it is granted again, to whomever.
      const held = new Map(leases);
      held.delete(slot);
      leases = held;
    },
    handOver: () => ({ bound, fds: slots.map(({ fd }) => fd ?? -1) }),
    release() {
      // The workers' own copies stay open until they stop accepting; the last one closes the socket,
      // and clients are refused instead of waiting in a queue that nobody reads.
      isReleased = true;
      for (const slot of slots.splice(0)) slot.close();
    },
    close() {
      isReleased = true;
      for (const slot of slots.splice(0)) slot.close();
    },
  };
}

interface FirstSlots {
  readonly slots: NativeHandle[];
  readonly bound: BoundAddress;
}

function adopt({ fds, bound }: HandedOver): FirstSlots {
  if (bound === undefined)
    throw new Error('the predecessor has not said where its slots are bound');
  return { bound, slots: fds.map((fd) => takeHandle({ fd })) };
}

function bindFirst(query: ListenQuery): FirstSlots {
  if (query.address !== null) return bindAlone(query.address, query);
  // As Node does: dual-stack where IPv6 exists.
  try {
    return bindAlone('::', query);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE' || code === 'EACCES') throw error;
    return bindAlone('0.0.0.0', query);
  }
}

/** With SO_REUSEPORT a second program would silently share the traffic; so it is first tried without. */
function bindAlone(host: string, query: ListenQuery): FirstSlots {
  if (query.port !== 0) bind(host, query.port, query, false).handle.close();
  const { handle, bound } = bind(host, query.port, query, true);
  return { bound, slots: [handle] };
}

function bind(
  host: string,
  port: number,
  query: ListenQuery,
  reusePort: boolean,
): { readonly handle: NativeHandle; readonly bound: BoundAddress } {
  if (BoundSocket === undefined) throw new Error(slotsUnavailable());
  const ipv6Only = (query.flags & IPV6_ONLY) !== 0;
  const socket = new BoundSocket({ host, port, ipv6Only, reusePort });
  const bound = { ...socket.address() };
  return { handle: takeHandle({ handle: socket }), bound };
}

/** A socket object around it is the public way to the handle, which can then be sent again and again. */
function takeHandle(source: { handle: net.BoundSocket } | { fd: number }): NativeHandle {
  const options = { ...source, manualStart: true, readable: false, writable: false };
  const handle: unknown = Reflect.get(new net.Socket(options), '_handle');
  if (!isNativeHandle(handle)) throw new Error('net.Socket has not adopted the bound socket');
  return handle;
}
