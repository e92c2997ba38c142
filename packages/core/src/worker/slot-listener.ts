// Worker: makes the app's own listen() get its connections through Corral. The only file that knows how
// `node:cluster` gives a worker's server its handle.
import cluster from 'node:cluster';
import type net from 'node:net';
import path from 'node:path';
import type { ListenQuery, ToPrimary, ToWorker } from '../protocol/messages.js';
import type { NativeHandle } from '../protocol/native-handle.js';
import { isTlsServer } from '../serving/tls-server.js';

/** What `node:net` asks of `node:cluster` in a worker; the same from Node 20 to 26. */
interface ServerQuery {
  readonly address?: string | null;
  readonly port?: number;
  readonly addressType?: number | 'udp4' | 'udp6';
  readonly fd?: number | null;
  readonly flags?: number;
  readonly backlog?: number;
}
type GetServer = (
  server: net.Server,
  query: ServerQuery,
  callback: (error: number, handle: unknown) => void,
) => void;

/** What the worker's servers have instead of a listening socket. */
interface FauxHandle {
  /** Set by `node:net`, and called as a method of this handle with each connection. */
  onconnection?: (status: number, connection: NativeHandle | undefined) => void;
  listen(backlog: number): number;
  close(callback?: () => void): void;
  ref(): void;
  unref(): void;
  getsockname?(out: object): number;
}

type ListenReply = Extract<ToWorker, { type: 'listenReply' }>;
export type ListenerMessage = Extract<
  ToWorker,
  { type: 'listenReply' | 'grant' | 'revoke' | 'connection' | 'unlistened' }
>;

export interface SlotListener {
  /** Takes what the primary says of listeners. */
  onMessage(message: ListenerMessage, handle: NativeHandle | undefined): void;
  /** Tells the primary that a descriptor could not be received. */
  onHandleLost(message: ToWorker): void;
  /** Resolves when no more connections will come to servers that have closed. */
  settled(): Promise<void>;
  /** Servers that have closed, but went on accepting from the clients they had, stop that too. */
  letClientsGo(): void;
  /** The primary has gone: nothing will come any more. */
  primaryGone(): void;
}

interface Listener {
  readonly faux: FauxHandle;
  readonly leases: Map<number, NativeHandle>;
  backlog: number;
}

const NEVER_MS = 2 ** 31 - 1;
const DEFAULT_BACKLOG = 511;

/**
 * From now on, servers of this process listen through the primary.
 *
 * @param leaving whether a server that closes does so because the process leaves, by itself or with all
 */
export function installSlotListener(
  send: (message: ToPrimary) => boolean,
  leaving: () => 'no' | 'alone' | 'with-all',
): SlotListener {
  const waiting = new Map<number, (reply: ListenReply['outcome']) => void>();
  const listeners = new Map<string, Listener>();
  /** Leases on addresses that were asked for: they come before the reply. */
  const early = new Map<string, Map<number, NativeHandle>>();
  const closing = new Set<string>();
  /** Closes servers that the app has closed, and that still get the connections of their clients. */
  const kept = new Set<() => void>();
  let whenSettled: Array<() => void> = [];
  const usedIndexes = new Map<string, Set<number>>();
  let nextSeq = 1;

  const takeIndex = (place: string): { readonly index: number; readonly release: () => void } => {
    const used = usedIndexes.get(place) ?? new Set();
    usedIndexes.set(place, used);
    let index = 0;
    while (used.has(index)) index += 1;
    used.add(index);
    return { index, release: () => void used.delete(index) };
  };

  const open = (
    { key, bound, keepsClients }: Extract<ListenReply['outcome'], { ok: true }>,
    release: () => void,
  ): FauxHandle => {
    // A listening server keeps its process alive; so does this in its place.
    const keepAlive = setInterval(() => undefined, NEVER_MS);
    let isOpen = true;
    const letGo = (isDraining: boolean): void => {
      if (!isOpen) return;
      isOpen = false;
      release();
      for (const lease of listener.leases.values()) lease.close();
      listener.leases.clear();
      // What the primary has sent already is still accepted, until it answers.
      if (send({ type: 'unlisten', key, isDraining })) closing.add(key);
      else listeners.delete(key);
    };
    const faux: FauxHandle = {
      listen(backlog) {
        listener.backlog = backlog;
        // By the time the app hears that it listens, so does the kernel.
        const errors = [...listener.leases.values()].map((lease) => serve(key, lease, backlog));
        return errors.find((error) => error !== 0) ?? 0;
      },
      close(callback) {
        clearInterval(keepAlive);
        const how = leaving();
        if (keepsClients && how === 'alone') kept.add(() => letGo(true));
        else letGo(how !== 'no');
        if (callback !== undefined) setImmediate(callback);
      },
      ref: () => void keepAlive.ref(),
      unref: () => void keepAlive.unref(),
      // Only TCP servers have an address of this kind.
      ...(bound === undefined
        ? {}
        : {
            getsockname(out: object) {
              Object.assign(out, bound);
              return 0;
            },
          }),
    };
    const leases = early.get(key) ?? new Map<number, NativeHandle>();
    early.delete(key);
    const listener: Listener = { faux, leases, backlog: DEFAULT_BACKLOG };
    listeners.set(key, listener);
    return faux;
  };

  const closed = (key: string): void => {
    if (closing.delete(key)) listeners.delete(key);
    if (closing.size > 0) return;
    for (const resolve of whenSettled) resolve();
    whenSettled = [];
  };

  const accept = (key: string, connection: NativeHandle): boolean => {
    const listener = listeners.get(key);
    if (listener?.faux.onconnection === undefined) return false;
    listener.faux.onconnection(0, connection);
    return true;
  };

  /** Returns libuv's error number, or 0. */
  const serve = (key: string, lease: NativeHandle, backlog: number): number => {
    lease.onconnection = (status, connection) => {
      if (status === 0 && connection !== undefined) {
        if (!accept(key, connection)) connection.close();
      } else {
        listeners.get(key)?.faux.onconnection?.(status, undefined);
      }
    };
    return lease.listen(backlog);
  };

  const keepForLater = (key: string, slot: number, lease: NativeHandle): void => {
    const leases = early.get(key) ?? new Map<number, NativeHandle>();
    leases.get(slot)?.close();
    early.set(key, leases.set(slot, lease));
  };

  const original = (cluster as unknown as { _getServer: GetServer })._getServer;
  const getServer: GetServer = function getServer(this: unknown, server, query, callback) {
    const wanted = toListenQuery(query);
    // UDP and inherited descriptors stay with node:cluster.
    if (wanted === undefined) {
      original.call(this, server, query, callback);
      return;
    }
    const { index, release } = takeIndex([wanted.address, wanted.port, wanted.addressType].join());
    const seq = nextSeq++;
    waiting.set(seq, (outcome) => {
      if (!outcome.ok) {
        release();
        callback(outcome.errno, null);
        return;
      }
      if (outcome.ticketKeys !== undefined && isTlsServer(server)) {
        server.setTicketKeys(Buffer.from(outcome.ticketKeys));
      }
      callback(0, open(outcome, release));
    });
    send({
      type: 'listen',
      seq,
      query: {
        ...wanted,
        index,
        ...(isTlsServer(server) ? { ticketKeys: server.getTicketKeys() } : {}),
      },
    });
  };
  Object.assign(cluster, { _getServer: getServer });

  return {
    onMessage(message, handle) {
      switch (message.type) {
        case 'listenReply': {
          const settle = waiting.get(message.seq);
          waiting.delete(message.seq);
          settle?.(message.outcome);
          return;
        }
        case 'grant': {
          if (handle === undefined) return;
          const { key, slot } = message;
          const listener = listeners.get(key);
          if (listener === undefined) {
            keepForLater(key, slot, handle);
          } else if (closing.has(key) || listener.leases.has(slot)) {
            handle.close();
          } else {
            listener.leases.set(slot, handle);
            serve(key, handle, listener.backlog);
          }
          return;
        }
        case 'revoke': {
          const leases = listeners.get(message.key)?.leases ?? early.get(message.key);
          leases?.get(message.slot)?.close();
          leases?.delete(message.slot);
          return;
        }
        case 'unlistened':
          closed(message.key);
          return;
        case 'connection': {
          const accepted = handle !== undefined && accept(message.key, handle);
          if (!accepted) handle?.close();
          send({ type: 'connectionReply', key: message.key, seq: message.seq, accepted });
          return;
        }
        default:
          message satisfies never;
      }
    },
    onHandleLost(message) {
      const { type } = message;
      if (type === 'connection') {
        send({ type: 'connectionLost', key: message.key, seq: message.seq });
      } else if (type === 'grant') {
        send({ type: 'grantLost', key: message.key, slot: message.slot });
      }
    },
    async settled() {
      if (closing.size === 0) return;
      await new Promise<void>((resolve) => whenSettled.push(resolve));
    },
    letClientsGo() {
      for (const letGo of kept) letGo();
      kept.clear();
    },
    primaryGone() {
      for (const key of closing) closed(key);
    },
  };
}

function toListenQuery(query: ServerQuery): Omit<ListenQuery, 'index'> | undefined {
  const { address = null, port = -1, addressType, fd, flags = 0 } = query;
  if (typeof fd === 'number' && fd >= 0) return undefined;
  if (addressType !== 4 && addressType !== 6 && addressType !== -1) return undefined;
  return { address: port < 0 ? absolute(address) : address, port, addressType, flags };
}

/** A Unix socket's path: a reload may have given this process another working directory than the primary's. */
function absolute(address: string | null): string | null {
  // Linux's abstract sockets have no place in the file system.
  return address === null || address.startsWith('\0') ? address : path.resolve(address);
}
