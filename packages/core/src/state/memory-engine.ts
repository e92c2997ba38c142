// Any process: the embedded store itself: what every operation does to entries and leases. Pure over the time
// that is passed in; an operation is applied as a whole or not at all.
import { stateTypeMismatch, stateValueTooLarge } from '../errors.js';
import { createMemoryLeases } from './memory-leases.js';
import type { LeaseRecord } from './memory-leases.js';
import { createMemoryTable, toNewEntry } from './memory-table.js';
import type { Entry, MemoryLimits, NewEntry } from './memory-table.js';
import { createScanPositions } from './scan-positions.js';
import type {
  BackendEntry,
  StateData,
  StateOperation,
  StateOperationName,
  StateOperationResults,
} from './state-backend.js';

/** Of one page of a scan or a clear: how many entries it may look at, and how many bytes it may carry. */
const MAX_PAGE_VISITS = 5_000;
const MAX_PAGE_BYTES = 1024 * 1024;
/** Removing takes several times as long as looking. */
const MAX_PAGE_REMOVALS = 1_000;
/** Of one answer. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export interface MemoryEngineOptions extends MemoryLimits {
  /** Versions and fencing tokens are higher than this. */
  readonly firstVersion: number;
}

/** One entry on its way to a file or to another engine; `expiresInMs` -1: for ever. */
export type EntryRecord = readonly [
  key: string,
  data: StateData | number,
  version: number,
  expiresInMs: number,
];

/** What one engine has, or a part of it. */
export interface EngineRecords {
  readonly lastVersion: number;
  readonly entries: readonly EntryRecord[];
  readonly leases: readonly LeaseRecord[];
}

export type Operation<N extends StateOperationName> = Extract<StateOperation, { readonly name: N }>;

export interface MemoryEngine {
  /** @throws {CorralError} `STATE_FULL`, `STATE_TYPE_MISMATCH`, `STATE_VALUE_TOO_LARGE`; nothing has changed then */
  apply<N extends StateOperationName>(
    operation: Operation<N>,
    nowMs: number,
  ): StateOperationResults[N];
  /** Releases all leases whose owner begins with this. */
  releaseLeasesOf(ownerPrefix: string): void;
  /** Removes what has expired, at most so many; what is left is never seen, and found later. */
  expire(nowMs: number, max: number): void;
  readonly size: number;
  readonly bytes: number;
  /** How often something was changed. */
  readonly changes: number;
  /** The last version or fencing token that was given. */
  readonly lastVersion: number;
  /** Goes through what is there; it may change meanwhile, and comes as it is at its turn. What is made meanwhile does not come. */
  entries(nowMs: () => number): IterableIterator<EntryRecord>;
  leases(nowMs: number): readonly LeaseRecord[];
  /**
   * Takes over what another engine had, unless there is something newer; its versions and tokens are never
   * given again.
   *
   * @returns how many entries there was no room for
   */
  restore(records: EngineRecords, nowMs: number): number;
}

export function createMemoryEngine(options: MemoryEngineOptions): MemoryEngine {
  const positions = createScanPositions<Entry>();
  let changes = 0;
  // One count for all keys and leases: no version comes twice, also when a key is deleted and set again.
  let lastVersion = options.firstVersion;

  const leases = createMemoryLeases({
    nextToken: () => ++lastVersion,
    makeRoom: (bytes, nowMs) => table.makeRoom(1, bytes, nowMs),
  });
  const table = createMemoryTable(options, {
    size: () => leases.size,
    bytes: () => leases.bytes,
    expireOne: leases.expireOne,
  });

  const put = (given: readonly NewEntry[], ttlMs: number, nowMs: number): number[] => {
    const expiresAtMs = endOf(ttlMs, nowMs);
    if (options.onFull === 'reject') table.makeRoomFor(given, nowMs);
    return given.map((entry) => {
      // A cache can lose to the last what it made room for before.
      if (options.onFull === 'evict-lru') table.makeRoomFor([entry], nowMs);
      return table.write(entry, ++lastVersion, expiresAtMs, nowMs).version;
    });
  };

  /**
   * Visits a part of what was there when the cursor began, until `visit` says that it is enough: what is made
   * meanwhile does not keep it from its end.
   *
   * @returns the next cursor
   */
  const visitPage = (cursor: string, nowMs: number, visit: (entry: Entry) => boolean): string => {
    const [after = 0, until = table.lastOrder] = cursor === '' ? [] : cursor.split('/').map(Number);
    const iterator = positions.take(after) ?? table.values();
    let visits = 0;
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      const entry = next.value;
      if (entry.order <= after) continue;
      if (entry.order > until) return '';
      visits += 1;
      if (visit(entry) || visits >= MAX_PAGE_VISITS) {
        positions.keep(entry.order, iterator, nowMs);
        return `${entry.order}/${until}`;
      }
    }
    return '';
  };

  const operations: {
    readonly [N in StateOperationName]: (
      operation: Operation<N>,
      nowMs: number,
    ) => StateOperationResults[N];
  } = {
    get({ keys }, nowMs) {
      let bytes = 0;
      const found = keys.map((key) => {
        const entry = table.find(key, nowMs);
        bytes += entry?.bytes ?? 0;
        return entry;
      });
      if (bytes > MAX_ANSWER_BYTES) {
        const limit = { bytes: MAX_ANSWER_BYTES, advice: 'ask for fewer keys at a time' };
        throw stateValueTooLarge('an answer', bytes, limit);
      }
      return found.map((entry) => {
        if (entry === undefined) return undefined;
        table.use(entry);
        return entry.data;
      });
    },
    getEntry({ key }, nowMs) {
      const entry = table.find(key, nowMs);
      if (entry === undefined) return undefined;
      table.use(entry);
      return toBackendEntry(entry, nowMs);
    },
    set({ entries, ttlMs }, nowMs) {
      const given = entries.map(([key, data]) => toNewEntry(key, data));
      changes += 1;
      return put(given, ttlMs, nowMs);
    },
    has: ({ key }, nowMs) => table.find(key, nowMs) !== undefined,
    delete({ keys }, nowMs) {
      let count = 0;
      for (const key of keys) {
        const entry = table.find(key, nowMs);
        if (entry === undefined) continue;
        table.remove(entry);
        count += 1;
      }
      changes += count;
      return count;
    },
    touch({ key, ttlMs }, nowMs) {
      const entry = table.find(key, nowMs);
      if (entry === undefined) return false;
      table.schedule(entry, endOf(ttlMs, nowMs));
      table.use(entry);
      changes += 1;
      return true;
    },
    increment({ key, by, ttlMs }, nowMs) {
      const entry = table.find(key, nowMs);
      if (entry === undefined) {
        put([toNewEntry(key, by)], ttlMs, nowMs);
        changes += 1;
        return { value: by, expiresInMs: ttlMs === 0 ? -1 : ttlMs };
      }
      const { data } = entry;
      if (typeof data !== 'number' || !Number.isSafeInteger(data)) {
        throw stateTypeMismatch(key, 'its value is no whole number');
      }
      const value = data + by;
      if (!Number.isSafeInteger(value)) {
        throw stateTypeMismatch(key, `${data} and ${by} make more than a safe integer`);
      }
      entry.data = value;
      entry.version = ++lastVersion;
      table.use(entry);
      changes += 1;
      return { value, expiresInMs: lifeOf(entry, nowMs) };
    },
    compareAndSet({ key, expectedVersion, data, ttlMs }, nowMs) {
      const entry = table.find(key, nowMs);
      if ((entry?.version ?? 0) !== expectedVersion) {
        return { ok: false, current: entry && toBackendEntry(entry, nowMs) };
      }
      const [version = 0] = put([toNewEntry(key, data)], ttlMs, nowMs);
      changes += 1;
      return { ok: true, version };
    },
    scan({ prefix, cursor, count }, nowMs) {
      const entries: Array<readonly [string, StateData | number]> = [];
      let bytes = 0;
      const next = visitPage(cursor, nowMs, (entry) => {
        if (entry.expiresAtMs > nowMs && entry.key.startsWith(prefix)) {
          entries.push([entry.key, entry.data]);
          bytes += entry.bytes;
        }
        return entries.length >= count || bytes >= MAX_PAGE_BYTES;
      });
      return { cursor: next, entries };
    },
    clear({ prefix, cursor }, nowMs) {
      let deleted = 0;
      let removed = 0;
      const next = visitPage(cursor, nowMs, (entry) => {
        if (!entry.key.startsWith(prefix)) return false;
        if (entry.expiresAtMs > nowMs) removed += 1;
        table.remove(entry);
        deleted += 1;
        return deleted >= MAX_PAGE_REMOVALS;
      });
      changes += 1;
      return { cursor: next, removed };
    },
    acquireLease(operation, nowMs) {
      changes += 1;
      return leases.acquire(operation, nowMs);
    },
    renewLease(operation, nowMs) {
      changes += 1;
      return leases.renew(operation, nowMs);
    },
    releaseLease(operation) {
      changes += 1;
      leases.release(operation);
    },
    publish: () => undefined,
  };

  return {
    apply: (operation, nowMs) => operations[operation.name](operation, nowMs),
    releaseLeasesOf(ownerPrefix) {
      changes += 1;
      leases.releaseAllOf(ownerPrefix);
    },
    expire(nowMs, max) {
      table.expire(nowMs, max);
      positions.dropIdle(nowMs);
    },
    get size() {
      return table.size;
    },
    get bytes() {
      return table.bytes + leases.bytes;
    },
    get changes() {
      return changes;
    },
    get lastVersion() {
      return lastVersion;
    },
    *entries(nowMs) {
      const { lastOrder } = table;
      for (const entry of table.values()) {
        // Otherwise those who make new ones all the time would keep it from its end.
        if (entry.order > lastOrder) return;
        const now = nowMs();
        if (entry.expiresAtMs <= now) continue;
        yield [entry.key, entry.data, entry.version, lifeOf(entry, now)];
      }
    },
    leases: (nowMs) => leases.records(nowMs),
    restore(records, nowMs) {
      lastVersion = Math.max(lastVersion, records.lastVersion);
      changes += 1;
      for (const record of records.leases) leases.restore(record, nowMs);
      let refused = 0;
      for (const [key, data, version, expiresInMs] of records.entries) {
        if ((table.find(key, nowMs)?.version ?? 0) >= version) continue;
        const entry = toNewEntry(key, data);
        try {
          table.makeRoomFor([entry], nowMs);
        } catch {
          // This program's limits are lower than those of the one that had it.
          refused += 1;
          continue;
        }
        table.write(entry, version, expiresInMs < 0 ? Infinity : nowMs + expiresInMs, nowMs);
      }
      return refused;
    },
  };
}

function toBackendEntry(entry: Entry, nowMs: number): BackendEntry {
  return { data: entry.data, version: entry.version, expiresInMs: lifeOf(entry, nowMs) };
}

function lifeOf({ expiresAtMs }: Entry, nowMs: number): number {
  return expiresAtMs === Infinity ? -1 : Math.ceil(expiresAtMs - nowMs);
}

function endOf(ttlMs: number, nowMs: number): number {
  return ttlMs === 0 ? Infinity : nowMs + ttlMs;
}
