// Primary: every address the app listens on, and which workers listen there.
import fs from 'node:fs';
import os from 'node:os';
import type { BalanceStatus } from '../cluster.js';
import { balanceUnavailable } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ResolvedOptions } from '../options.js';
import type { ListenerRequest, ListenQuery } from '../protocol/messages.js';
import { inTurn, openDispatcher } from './connection-dispatcher.js';
import { overlaps } from './listen-overlap.js';
import { openListenSlots, slotsUnavailable } from './listen-slots.js';
import type { InheritedListener } from './inheritance.js';
import type { GroupMember, ListenerGroup } from './listener-group.js';
import { bySourceAddress } from './sticky-policy.js';
import type { WorkerHandle } from './worker-handle.js';

export interface Listeners {
  readonly balance: BalanceStatus;
  onRequest(worker: WorkerHandle, message: ListenerRequest): void;
  /** Any worker's state or number of connections has changed. */
  update(): void;
  /**
   * To be called now and then while every worker is ready: lets go of addresses that none has listened on
   * for a while, such as the port before a reload that changed it, so that clients are refused there.
   */
  closeUnused(): void;
  /** Every address and its sockets, for the primary that is to succeed this one. */
  handOver(): readonly InheritedListener[];
  /**
   * The cluster shuts down. Only the first call counts.
   *
   * @param isHandedOver a successor goes on with the same sockets. Default false.
   */
  release(isHandedOver?: boolean): void;
}

interface Entry {
  readonly query: ListenQuery;
  readonly kind: InheritedListener['kind'];
  readonly group: Promise<ListenerGroup>;
  opened: ListenerGroup | undefined;
  readonly workers: Set<WorkerHandle>;
  ticketKeys: Uint8Array | undefined;
  /** When to stop listening, set when no worker does although all are ready. */
  closeAtMs: number | undefined;
}

/** An app may begin to listen a while after it has become ready. */
const UNUSED_MS = 10_000;
/**
 * An app that has closed a server may be about to open it again, and a lease may still be on its way to
 * a worker that has just closed: with the sockets kept for a moment, the address is never in its own way.
 */
const CLOSED_BY_APP_MS = 1_000;
/** How long a worker that cannot receive a descriptor is sent none. */
const FULL_MS = 1_000;

export interface ListenersOptions {
  readonly balance: ResolvedOptions['balance'];
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** The sockets of the primary that this one succeeds. */
  readonly inherited: readonly InheritedListener[];
}

/** @throws {CorralError} `BALANCE_UNAVAILABLE` */
export function createListeners({
  balance,
  logger,
  nowMs,
  inherited,
}: ListenersOptions): Listeners {
  const entries = new Map<string, Entry>();
  const status = chooseBalance(balance, inherited);
  /** What the app has not listened on so far. */
  const unclaimed = new Set(inherited);
  let unclaimedSinceMs: number | undefined;
  let isReleased = false;
  /** Workers that have no descriptor left for another connection. */
  const full = new Set<WorkerHandle>();

  const setFull = (worker: WorkerHandle): void => {
    if (full.has(worker)) return;
    const { workerId, pid } = worker;
    logger.warn(
      { workerId, workerPid: pid },
      `worker ${workerId} cannot receive a connection: it has as many files and connections open as it may (ulimit -n); for a second it gets none`,
    );
    full.add(worker);
    update();
    setTimeout(() => {
      full.delete(worker);
      update();
    }, FULL_MS).unref();
  };

  const toMember = (worker: WorkerHandle): GroupMember[] => {
    const { name } = worker.state;
    if (name === 'killed' || name === 'gone') return [];
    const { id, workerId, connections, utilizationRatio, send } = worker;
    const isGone = (): boolean => !isAlive(worker);
    const isFull = full.has(worker);
    return [{ id, workerId, connections, utilizationRatio, send, state: name, isFull, isGone }];
  };

  /** Each only once: what the app closes is closed. */
  const claim = (key: string, kind: InheritedListener['kind']): InheritedListener | undefined => {
    const found = [...unclaimed].find((listener) => listener.key === key && listener.kind === kind);
    if (found !== undefined) unclaimed.delete(found);
    return found;
  };

  /** The kernel balances TCP only. */
  const kindOf = ({ port }: ListenQuery): InheritedListener['kind'] =>
    status.mode === 'slots' && port >= 0 ? 'slots' : 'dispatcher';

  const open = async (key: string, query: ListenQuery): Promise<ListenerGroup> => {
    const kind = kindOf(query);
    const sockets = claim(key, kind);
    if (kind === 'slots') {
      // The kernel would let them share until a worker listens there.
      if ([...entries.values()].some((entry) => overlaps(entry.query, query))) throw addressInUse();
      const report = (error: unknown): void => {
        logger.error({ err: error, key }, 'could not bind another listen slot');
      };
      return await Promise.resolve(openListenSlots(key, query, report, nowMs, sockets));
    }
    const policy = status.mode === 'sticky' ? bySourceAddress() : inTurn(nowMs);
    const reportListen = (error: unknown): void => {
      logger.error({ err: error, key }, 'could not listen on the inherited socket');
    };
    return await openDispatcher(key, query, policy, reportListen, sockets);
  };

  const entryFor = (key: string, query: ListenQuery): Entry => {
    const known = entries.get(key);
    if (known !== undefined) return known;
    const group = open(key, query);
    const entry: Entry = {
      query,
      kind: kindOf(query),
      group,
      opened: undefined,
      workers: new Set(),
      ticketKeys: query.ticketKeys,
      closeAtMs: undefined,
    };
    entries.set(key, entry);
    group.then(
      (opened) => {
        entry.opened = opened;
      },
      () => entries.delete(key),
    );
    return entry;
  };

  const listen = async (
    worker: WorkerHandle,
    { seq, query }: Extract<ListenerRequest, { type: 'listen' }>,
  ): Promise<void> => {
    const key = keyOf(query);
    const entry = entryFor(key, query);
    let group: ListenerGroup;
    try {
      group = await entry.group;
    } catch (error) {
      const { errno } = error as { errno?: unknown };
      if (typeof errno !== 'number') logger.error({ err: error, key }, 'could not listen');
      const outcome = { ok: false, errno: typeof errno === 'number' ? errno : EINVAL } as const;
      worker.send({ type: 'listenReply', seq, outcome });
      return;
    }
    if (!isAlive(worker)) return;
    entry.workers.add(worker);
    entry.closeAtMs = undefined;
    // Sockets come before the reply, so that the app does not believe that it listens before it does;
    // connections come after it, when the server that takes them is there.
    if (entry.kind === 'slots') refresh(entry);
    const { ticketKeys } = entry;
    const { bound, keepsClients } = group;
    worker.send({
      type: 'listenReply',
      seq,
      outcome: {
        ok: true,
        key,
        keepsClients,
        ...(bound === undefined ? {} : { bound }),
        ...(ticketKeys === undefined ? {} : { ticketKeys }),
      },
    });
    if (entry.kind === 'dispatcher') refresh(entry);
  };

  const refresh = (entry: Entry): void => {
    for (const worker of entry.workers) if (!isAlive(worker)) entry.workers.delete(worker);
    entry.opened?.update([...entry.workers].flatMap(toMember));
  };

  const update = (): void => {
    for (const entry of entries.values()) refresh(entry);
  };

  return {
    balance: status,
    onRequest(worker, message) {
      switch (message.type) {
        case 'listen':
          void listen(worker, message);
          return;
        case 'unlisten': {
          const entry = entries.get(message.key);
          if (entry === undefined) return;
          for (const member of toMember(worker)) entry.opened?.onUnlisten(member);
          entry.workers.delete(worker);
          worker.send({ type: 'unlistened', key: message.key });
          refresh(entry);
          // The app itself has closed its server, everywhere: nobody is to wait in its queue for long.
          if (!message.isDraining && entry.workers.size === 0) {
            entry.closeAtMs = nowMs() + CLOSED_BY_APP_MS;
          }
          return;
        }
        case 'connectionReply':
          entries.get(message.key)?.opened?.onConnectionReply(message);
          return;
        case 'connectionLost':
          setFull(worker);
          entries
            .get(message.key)
            ?.opened?.onConnectionReply({ ...message, type: 'connectionReply', accepted: false });
          return;
        case 'grantLost':
          for (const member of toMember(worker)) {
            entries.get(message.key)?.opened?.onGrantLost(member, message.slot);
          }
          setFull(worker);
          return;
        default:
          message satisfies never;
      }
    },
    update,
    closeUnused() {
      if (isReleased) return;
      const now = nowMs();
      for (const [key, entry] of entries) {
        if (entry.opened === undefined || entry.workers.size > 0) continue;
        entry.closeAtMs ??= now + UNUSED_MS;
        if (now < entry.closeAtMs) continue;
        logger.info({ key }, `no worker listens on ${placeOf(entry.query)} any more: closing it`);
        entries.delete(key);
        entry.opened.close();
      }
      unclaimedSinceMs ??= now;
      if (now - unclaimedSinceMs < UNUSED_MS) return;
      for (const { fds } of unclaimed) for (const fd of fds) fs.closeSync(fd);
      unclaimed.clear();
    },
    handOver: () =>
      [...entries].flatMap(([key, { kind, opened }]) =>
        opened === undefined ? [] : [{ key, kind, ...opened.handOver() }],
      ),
    release(isHandedOver = false) {
      if (isReleased) return;
      isReleased = true;
      for (const { group, opened } of entries.values()) {
        // At once: as long as the slots are leased, the first worker that drains passes its own on.
        if (opened !== undefined) opened.release(isHandedOver);
        else void group.then((late) => late.release(isHandedOver)).catch(() => undefined);
      }
    },
  };
}

/** A port stays as its first primary bound it: other sockets beside it would lose connections. */
function slotsNotInherited(inherited: readonly InheritedListener[]): string | undefined {
  return inherited.some(({ kind, bound }) => kind === 'dispatcher' && bound !== undefined)
    ? 'the predecessor in an upgrade has left a socket that is no listen slot; a restart changes that'
    : undefined;
}

/** As the kernel would say it. */
function addressInUse(): Error {
  return Object.assign(new Error('address in use'), { errno: -os.constants.errno.EADDRINUSE });
}

/** libuv's UV_EINVAL. */
const EINVAL = -22;

function keyOf({ address, port, addressType, flags, index }: ListenQuery): string {
  return [address ?? '*', port, addressType, flags, index].join('|');
}

/** An address, for people. */
function placeOf({ address, port }: ListenQuery): string {
  return port < 0 ? (address ?? '') : `${address ?? '*'}:${port}`;
}

function isAlive({ state }: WorkerHandle): boolean {
  return state.name !== 'killed' && state.name !== 'gone';
}

function chooseBalance(
  wanted: ListenersOptions['balance'],
  inherited: readonly InheritedListener[],
): BalanceStatus {
  if (wanted === 'sticky') {
    return {
      mode: 'sticky',
      reason:
        'asked for by the option balance: the primary hands a client to the same worker each time',
    };
  }
  if (wanted === 'round-robin') {
    return { mode: 'round-robin', reason: 'asked for by the option balance' };
  }
  const why = slotsUnavailable() ?? slotsNotInherited(inherited);
  if (why !== undefined && wanted === 'slots') throw balanceUnavailable(why);
  return why === undefined
    ? {
        mode: 'slots',
        reason: 'the kernel spreads connections over sockets that the primary keeps',
      }
    : { mode: 'round-robin', reason: why };
}
