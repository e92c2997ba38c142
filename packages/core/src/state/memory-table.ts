// Any process: the embedded store's entries: a map within limits, with expiry and, in a cache, the order of use.
import { stateFull } from '../errors.js';
import { createExpiryHeap } from './expiry-heap.js';
import type { Expiring } from './expiry-heap.js';
import { createRecencyList } from './recency-list.js';
import type { Linked } from './recency-list.js';
import type { StateData } from './state-backend.js';
import { sizeOfData } from './value-codec.js';

/** What an entry takes beside its key and value, roughly, in bytes. */
const ENTRY_OVERHEAD_BYTES = 128;

export interface MemoryLimits {
  readonly maxEntries: number;
  /** Of keys and values, and 128 for each. */
  readonly maxBytes: number;
  /** When there is no room: refuse with `STATE_FULL`, or give up what was used least recently. */
  readonly onFull: 'reject' | 'evict-lru';
}

export interface Entry extends Expiring, Linked<Entry> {
  readonly key: string;
  /** Grows with every entry made: the order of the table, and of scans. */
  readonly order: number;
  data: StateData | number;
  version: number;
  bytes: number;
}

/** A key and value that are to be in the table, with how much room they take there. */
export interface NewEntry {
  readonly key: string;
  readonly data: StateData | number;
  readonly bytes: number;
}

export interface MemoryTable {
  readonly size: number;
  readonly bytes: number;
  /** The order of the entry that was made last. */
  readonly lastOrder: number;
  /** The entry, unless it has expired. */
  find(key: string, nowMs: number): Entry | undefined;
  /** Says that an entry was used. */
  use(entry: Entry): void;
  /** Sets an entry; room must have been made. */
  write(given: NewEntry, version: number, expiresAtMs: number, nowMs: number): Entry;
  schedule(entry: Entry, expiresAtMs: number): void;
  remove(entry: Entry): void;
  /**
   * Makes room for what these would take more than now. A cache makes it for one at a time; otherwise
   * there is room for all, or nothing changes.
   *
   * @throws {CorralError} `STATE_FULL`
   */
  makeRoomFor(given: readonly NewEntry[], nowMs: number): void;
  /** @throws {CorralError} `STATE_FULL` */
  makeRoom(moreEntries: number, moreBytes: number, nowMs: number): void;
  /** Removes what has expired, at most so many. */
  expire(nowMs: number, max: number): void;
  /** In their order; the table may change meanwhile. */
  values(): IterableIterator<Entry>;
}

/** @param others what takes room beside the entries, and can expire too */
export function createMemoryTable(
  limits: MemoryLimits,
  others: {
    readonly size: () => number;
    readonly bytes: () => number;
    readonly expireOne: (nowMs: number) => boolean;
  },
): MemoryTable {
  const entries = new Map<string, Entry>();
  const expiring = createExpiryHeap<Entry>();
  const recency = limits.onFull === 'evict-lru' ? createRecencyList<Entry>() : undefined;
  let bytes = 0;
  let lastOrder = 0;

  const find = (key: string, nowMs: number): Entry | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || entry.expiresAtMs > nowMs) return entry;
    remove(entry);
    return undefined;
  };
  const remove = (entry: Entry): void => {
    entries.delete(entry.key);
    expiring.remove(entry);
    recency?.remove(entry);
    bytes -= entry.bytes;
  };
  const expireOne = (nowMs: number): boolean => {
    const { first } = expiring;
    if (first === undefined || first.expiresAtMs > nowMs) return others.expireOne(nowMs);
    remove(first);
    return true;
  };
  const makeRoom = (moreEntries: number, moreBytes: number, nowMs: number): void => {
    const isTight = (): boolean =>
      (moreEntries > 0 && entries.size + others.size() + moreEntries > limits.maxEntries) ||
      (moreBytes > 0 && bytes + others.bytes() + moreBytes > limits.maxBytes);
    while (isTight()) {
      if (expireOne(nowMs)) continue;
      if (recency?.oldest === undefined) throw stateFull(limits);
      remove(recency.oldest);
    }
  };
  const schedule = (entry: Entry, expiresAtMs: number): void => {
    if (entry.expiresAtMs !== expiresAtMs) expiring.schedule(entry, expiresAtMs);
  };

  return {
    get size() {
      return entries.size;
    },
    get bytes() {
      return bytes;
    },
    get lastOrder() {
      return lastOrder;
    },
    find,
    use: (entry) => recency?.use(entry),
    write(given, version, expiresAtMs, nowMs) {
      const found = find(given.key, nowMs);
      const entry = found ?? createEntry(given.key, ++lastOrder);
      if (found === undefined) entries.set(entry.key, entry);
      bytes += given.bytes - entry.bytes;
      entry.bytes = given.bytes;
      entry.data = ownData(given.data);
      entry.version = version;
      schedule(entry, expiresAtMs);
      recency?.use(entry);
      return entry;
    },
    schedule,
    remove,
    makeRoomFor(given, nowMs) {
      let moreEntries = 0;
      let moreBytes = 0;
      for (const next of given) {
        if (next.bytes > limits.maxBytes) throw stateFull(limits);
        const entry = find(next.key, nowMs);
        if (entry === undefined) moreEntries += 1;
        // So that it is not what has to go to make room for itself.
        else recency?.use(entry);
        moreBytes += next.bytes - (entry?.bytes ?? 0);
      }
      makeRoom(moreEntries, moreBytes, nowMs);
    },
    makeRoom,
    expire(nowMs, max) {
      for (let count = 0; count < max && expireOne(nowMs); count++);
    },
    values: () => entries.values(),
  };
}

export function toNewEntry(key: string, data: StateData | number): NewEntry {
  return { key, data, bytes: Buffer.byteLength(key) + sizeOfData(data) + ENTRY_OVERHEAD_BYTES };
}

function createEntry(key: string, order: number): Entry {
  return {
    key,
    order,
    data: 0,
    version: 0,
    bytes: 0,
    expiresAtMs: Infinity,
    heapIndex: -1,
    older: undefined,
    newer: undefined,
  };
}

/** Bytes that came in a message are a window on all of it, which must not be kept. */
function ownData(data: StateData | number): StateData | number {
  if (typeof data !== 'object' || data.byteLength === data.buffer.byteLength) return data;
  return new Uint8Array(data);
}
