// Primary: one address that the primary itself accepts from, handing each connection to a worker: in
// turn, or always the same one for a client. For platforms without listen slots, and for sticky sessions.
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { BoundAddress, ListenQuery } from '../protocol/messages.js';
import { isNativeHandle } from '../protocol/native-handle.js';
import type { NativeHandle } from '../protocol/native-handle.js';
import type { GroupMember, HandedOver, ListenerGroup } from './listener-group.js';
import { createSteering } from './steering.js';

/** Accepted connections that wait for a worker; beyond it they are closed. */
const MAX_WAITING = 4_096;
const IPV6_ONLY = 1;

export interface DispatchView {
  /** Who may have new clients. */
  readonly eligible: readonly GroupMember[];
  /** Those of them that are not busy; never empty. */
  readonly free: readonly GroupMember[];
  /** Everybody who listens, those that drain included. */
  readonly members: readonly GroupMember[];
  /** It has not answered its last connection, or has no room for another. */
  isBusy(member: GroupMember): boolean;
}

export interface DispatchPolicy {
  /** Chooses a worker for a connection, one that is not busy; undefined lets the connection wait. */
  pick(connection: NativeHandle, view: DispatchView): GroupMember | undefined;
  /** Whether workers are to accept from known clients while they drain. */
  readonly keepsClients: boolean;
}

interface InFlight {
  readonly member: GroupMember;
  readonly connection: NativeHandle;
}

/** The socket that connections are accepted from. */
interface Listening {
  readonly server: net.Server;
  readonly handle: NativeHandle;
}

/**
 * @param inherited the predecessor's socket: it is listened on as soon as a worker is ready
 * @param report told when that fails
 * @throws the listen error
 */
export async function openDispatcher(
  key: string,
  query: ListenQuery,
  policy: DispatchPolicy,
  report: (error: unknown) => void,
  inherited?: HandedOver,
): Promise<ListenerGroup> {
  let listening: Listening | undefined;
  /** Until one of a successor's workers is ready, only the predecessor accepts. */
  let isPending = inherited !== undefined;
  const inFlight = new Map<number, InFlight>();
  const busy = new Set<number>();
  let waiting: NativeHandle[] = [];
  let members: readonly GroupMember[] = [];
  let nextSeq = 1;
  let isReleased = false;
  let isHandedOver = false;
  let isClosed = false;

  const begin = (opened: Listening): void => {
    listening = opened;
    opened.handle.onconnection = (status, connection) => {
      if (status !== 0 || connection === undefined) return;
      if (waiting.length >= MAX_WAITING) {
        connection.close();
        return;
      }
      waiting.push(connection);
      pump();
    };
    if (isClosed) closeServer();
  };

  const takeOver = (): void => {
    if (!isPending || isClosed || members.every(({ state }) => state !== 'ready')) return;
    isPending = false;
    listen(query, inherited).then(begin, report);
  };

  const send = (connection: NativeHandle, member: GroupMember): void => {
    const seq = nextSeq++;
    busy.add(member.id);
    inFlight.set(seq, { member, connection });
    member.send({ type: 'connection', seq, key }, connection);
  };

  /** One connection at a time for each worker: a busy one gets no more until it has answered. */
  const pump = (): void => {
    if (waiting.length === 0) return;
    const eligible = eligibleMembers(members);
    const isBusy = ({ id, isFull }: GroupMember): boolean => isFull || busy.has(id);
    const passedOver: NativeHandle[] = [];
    while (waiting.length > 0) {
      const free = eligible.filter((member) => !isBusy(member));
      if (free.length === 0) break;
      const connection = waiting.shift();
      if (connection === undefined) break;
      const member = policy.pick(connection, { eligible, free, members, isBusy });
      if (member === undefined) {
        passedOver.push(connection);
        // Only where clients have workers of their own may the next one have more luck.
        if (policy.keepsClients) continue;
        break;
      }
      send(connection, member);
    }
    if (passedOver.length > 0) waiting = [...passedOver, ...waiting];
  };

  const closeServer = (): void => {
    if (isPending) for (const fd of inherited?.fds ?? []) fs.closeSync(fd);
    isPending = false;
    if (listening?.server.listening !== true) return;
    const { server } = listening;
    if (bound === undefined && query.address !== null) {
      closeUnixServer(server, query.address, isHandedOver ? 'keep' : 'remove');
    } else {
      server.close();
    }
  };

  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    closeServer();
    for (const connection of waiting.splice(0)) connection.close();
    for (const { connection } of inFlight.values()) connection.close();
    inFlight.clear();
  };

  const closeWhenDone = (): void => {
    if (isReleased && members.length === 0 && inFlight.size === 0) close();
  };

  if (inherited === undefined) begin(await listen(query));
  const bound = inherited === undefined ? boundOf(listening) : inherited.bound;

  return {
    bound,
    keepsClients: policy.keepsClients,
    update(next) {
      members = next;
      takeOver();
      // The connections that a worker had not answered when it died go to another.
      const orphans: NativeHandle[] = [];
      for (const [seq, { member, connection }] of inFlight) {
        if (!member.isGone()) continue;
        inFlight.delete(seq);
        busy.delete(member.id);
        orphans.push(connection);
      }
      waiting = [...orphans, ...waiting];
      pump();
      closeWhenDone();
    },
    onUnlisten(member) {
      const isLast = members.every(({ id }) => id === member.id);
      if (!isReleased || !isLast) return;
      // The last one to accept anything: nobody else will answer what has been accepted already.
      closeServer();
      for (const connection of waiting.splice(0)) send(connection, member);
    },
    onConnectionReply({ seq, accepted }) {
      const entry = inFlight.get(seq);
      if (entry === undefined) return;
      inFlight.delete(seq);
      busy.delete(entry.member.id);
      if (accepted) entry.connection.close();
      else waiting.unshift(entry.connection);
      pump();
      closeWhenDone();
    },
    onGrantLost: () => undefined,
    handOver: () => ({
      fds: listening === undefined ? (inherited?.fds ?? []) : [listening.handle.fd ?? -1],
      ...(bound === undefined ? {} : { bound }),
    }),
    release(handedOver) {
      isReleased = true;
      isHandedOver = handedOver;
      closeWhenDone();
    },
    close,
  };
}

/** Those that are ready; while none is, those that boot; and at the end, those that drain. */
function eligibleMembers(members: readonly GroupMember[]): readonly GroupMember[] {
  for (const wanted of ['ready', 'booting', 'draining'] as const) {
    const found = members.filter(({ state }) => state === wanted);
    if (found.length > 0) return found;
  }
  return [];
}

/** Connections go to the free workers in turn, but not to one that has many more than others, or no time. */
export function inTurn(nowMs: () => number): DispatchPolicy {
  const steer = createSteering(nowMs);
  let lastId = 0;
  return {
    keepsClients: false,
    pick(_connection, { eligible, free }) {
      const from = steer(eligible)?.from;
      // They come in the order in which they began to listen.
      const inOrder = free.filter(({ id }) => id !== from).toSorted((a, b) => a.id - b.id);
      const next = inOrder.find(({ id }) => id > lastId) ?? inOrder[0];
      lastId = next?.id ?? lastId;
      return next;
    },
  };
}

/**
 * libuv removes a Unix socket's file with the socket that made it, and never with one that was inherited.
 */
function closeUnixServer(server: net.Server, file: string, fate: 'keep' | 'remove'): void {
  // Linux's abstract sockets have no file, and another's may have been deleted.
  if (!fs.existsSync(file)) {
    server.close();
    return;
  }
  const spare = `${file}.corral-${process.pid}`;
  if (fate === 'keep') fs.linkSync(file, spare);
  server.close();
  if (fate === 'keep') fs.renameSync(spare, file);
  // Two names of one file are not renamed onto each other.
  fs.rmSync(fate === 'keep' ? spare : file, { force: true });
}

/** Undefined for a Unix socket. */
function boundOf(listening: Listening | undefined): BoundAddress | undefined {
  const address = listening?.server.address();
  return typeof address === 'object' && address !== null ? address : undefined;
}

/** A Unix socket's path may have little more than 100 characters: the shorter of the two ways to say it. */
function shortest(address: string): string {
  // Linux's abstract sockets have no place in the file system.
  if (address.startsWith('\0')) return address;
  const relative = path.relative(process.cwd(), address);
  return relative.length < address.length ? relative : address;
}

async function listen(query: ListenQuery, inherited?: HandedOver): Promise<Listening> {
  const server = net.createServer();
  const { address, port, flags } = query;
  const [fd] = inherited?.fds ?? [];
  if (fd !== undefined) {
    server.listen({ fd });
  } else if (port < 0) {
    server.listen({ path: shortest(address ?? '') });
  } else {
    server.listen({
      port,
      ...(address === null ? {} : { host: address }),
      ipv6Only: (flags & IPV6_ONLY) !== 0,
    });
  }
  await once(server, 'listening');
  const handle: unknown = Reflect.get(server, '_handle');
  if (!isNativeHandle(handle)) throw new Error('a listening net.Server has no handle');
  return { server, handle };
}
