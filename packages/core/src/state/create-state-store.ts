// Any process: makes the store that users see of a backend: arguments, values, namespaces and leases are
// the same for every backend.
import { nodeCrypto } from '../builtins.js';
import { invalidArgument, stateClosed, stateValueTooLarge } from '../errors.js';
import { callListener } from '../values/call-listener.js';
import { provideEncoded } from './encoded-state.js';
import type { EncodedState } from './encoded-state.js';
import { createLeaseReleases } from './lease-releases.js';
import type { LeaseReleases } from './lease-releases.js';
import { holdLease } from './lease.js';
import {
  checkFunction,
  checkKey,
  checkKeys,
  checkLeaseTtl,
  checkPrefix,
  checkStep,
  checkTtl,
  checkVersion,
} from './state-arguments.js';
import type { BackendEntry, StateBackend, StateData } from './state-backend.js';
import type { Lease, StateEntry, StateStore } from './state-store.js';
import { decodeValue, encodeValue, sizeOfData } from './value-codec.js';

const DEFAULT_MAX_VALUE_BYTES = 1024 * 1024;
/** How many entries to ask for at a time when listing. */
const SCAN_COUNT = 250;
const MAX_NAMESPACE_LENGTH = 128;

export interface StateStoreOptions {
  /** The largest value, encoded, in bytes. Default 1 MiB. */
  readonly maxValueBytes?: number;
  /** What a listener of a channel throws. Default: it is thrown again, as an uncaught error. */
  readonly onListenerError?: (error: unknown, channel: string) => void;
  /** The holder's clock of leases, monotonic, in ms. Default: `performance.now`. */
  readonly nowMs?: () => number;
}

/** What a store and its namespaces share. */
interface Shared {
  readonly backend: StateBackend;
  readonly options: Required<StateStoreOptions>;
  readonly leases: Set<Lease>;
  readonly leaseReleases: LeaseReleases;
  closed: Promise<void> | undefined;
}

/** Makes a {@link StateStore} of anything that can execute its operations. */
export function createStateStore(
  backend: StateBackend,
  options: StateStoreOptions = {},
): StateStore {
  const nowMs = options.nowMs ?? (() => performance.now());
  return createView('', {
    backend,
    options: {
      maxValueBytes: options.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES,
      onListenerError: options.onListenerError ?? throwLater,
      nowMs,
    },
    leases: new Set(),
    leaseReleases: createLeaseReleases(backend, nowMs),
    closed: undefined,
  });
}

function createView(namespace: string, shared: Shared): StateStore {
  const { options, leases } = shared;
  const backend = (): StateBackend => {
    if (shared.closed !== undefined) throw stateClosed();
    return shared.backend;
  };
  const checkSize = (data: StateData | number): StateData | number => {
    const bytes = sizeOfData(data);
    if (bytes <= options.maxValueBytes) return data;
    throw stateValueTooLarge('a value', bytes, {
      bytes: options.maxValueBytes,
      advice: 'keep large things elsewhere, or raise maxValueBytes',
    });
  };
  const encode = (value: unknown): StateData | number => checkSize(encodeValue(value));
  const full = (name: string): string => namespace + name;

  // They are awaited by who calls them: not here, too.
  const encoded: EncodedState = {
    getEntry(key) {
      const name = full(checkKey('state.getEntry(key)', key));
      return backend().execute({ name: 'getEntry', key: name });
    },
    compareAndSet(key, version, data, expiry) {
      return backend().execute({
        name: 'compareAndSet',
        key: full(checkKey('state.compareAndSet(key)', key)),
        expectedVersion: checkVersion(version),
        ttlMs: checkTtl('state.compareAndSet(key, expectedVersion, value)', expiry),
        data: checkSize(data),
      });
    },
  };

  const store: StateStore = {
    async get<T>(key: string) {
      const keys = [full(checkKey('state.get(key)', key))];
      const [data] = await backend().execute({ name: 'get', keys });
      return toValue(data) as T | undefined;
    },
    async getEntry<T>(key: string) {
      const entry = await encoded.getEntry(key);
      return entry && toEntry<T>(entry);
    },
    async set(key, value, expiry) {
      const ttlMs = checkTtl('state.set(key, value)', expiry);
      const entry = [full(checkKey('state.set(key)', key)), encode(value)] as const;
      const [version] = await backend().execute({ name: 'set', entries: [entry], ttlMs });
      return version ?? 0;
    },
    async has(key) {
      const name = full(checkKey('state.has(key)', key));
      return await backend().execute({ name: 'has', key: name });
    },
    async delete(key) {
      const keys = [full(checkKey('state.delete(key)', key))];
      return (await backend().execute({ name: 'delete', keys })) > 0;
    },
    async touch(key, expiry) {
      const ttlMs = checkTtl('state.touch(key)', expiry);
      const name = full(checkKey('state.touch(key)', key));
      return await backend().execute({ name: 'touch', key: name, ttlMs });
    },
    async getMany<T>(wanted: readonly string[]) {
      const keys = checkKeys('state.getMany(keys)', wanted).map(full);
      if (keys.length === 0) return [];
      const found = await backend().execute({ name: 'get', keys });
      return found.map((data) => toValue(data) as T | undefined);
    },
    async setMany(given, expiry) {
      const ttlMs = checkTtl('state.setMany(entries)', expiry);
      // Of a key that comes twice, the last value counts.
      const entries = new Map<string, StateData | number>();
      for (const [key, value] of given) {
        entries.set(full(checkKey('state.setMany(entries)', key)), encode(value));
      }
      if (entries.size === 0) return;
      await backend().execute({ name: 'set', entries: [...entries], ttlMs });
    },
    async deleteMany(given) {
      const keys = checkKeys('state.deleteMany(keys)', given).map(full);
      return keys.length === 0 ? 0 : await backend().execute({ name: 'delete', keys });
    },
    async increment(key, by = 1, expiry) {
      const ttlMs = checkTtl('state.increment(key, by)', expiry);
      const name = full(checkKey('state.increment(key)', key));
      const { value, expiresInMs } = await backend().execute({
        name: 'increment',
        key: name,
        by: checkStep(by),
        ttlMs,
      });
      return { value, expiresInMs: toLife(expiresInMs) };
    },
    async compareAndSet<T>(key: string, version: number, value: T, expiry?: { ttlMs?: number }) {
      const result = await encoded.compareAndSet(key, version, encodeValue(value), expiry);
      return result.ok
        ? result
        : { ok: false, current: result.current && toEntry<T>(result.current) };
    },
    entries: <T>(prefix?: string) =>
      scan<T>(backend, namespace, full(checkPrefix('state.entries(prefix)', prefix))),
    async clear(prefix) {
      const name = full(checkPrefix('state.clear(prefix)', prefix));
      let removed = 0;
      let cursor = '';
      do {
        const page = await backend().execute({ name: 'clear', prefix: name, cursor });
        removed += page.removed;
        ({ cursor } = page);
        if (cursor !== '') await nextTurn();
      } while (cursor !== '');
      return removed;
    },
    async acquireLease(name, leaseOptions) {
      const key = full(checkKey('state.acquireLease(name)', name));
      const ttlMs = checkLeaseTtl(leaseOptions);
      const owner = nodeCrypto().randomUUID();
      const acquiredMs = options.nowMs();
      const releaseInStore = async (): Promise<void> =>
        await shared.leaseReleases.release({ key, owner, ttlMs });
      let fencingToken: number | undefined;
      try {
        fencingToken = await backend().execute({ name: 'acquireLease', lease: key, owner, ttlMs });
      } catch (error) {
        // Nobody would hold it, and nobody else could have it.
        if (mayHaveBeenExecuted(error)) void releaseInStore();
        throw error;
      }
      if (fencingToken === undefined) return undefined;
      const lease = holdLease(
        { name, key, owner, fencingToken, ttlMs, acquiredMs },
        {
          backend: shared.backend,
          nowMs: options.nowMs,
          releaseInStore,
          onEnded: (gone) => void leases.delete(gone),
        },
      );
      if (lease.signal.aborted) {
        // The answer took longer than the lease holds by this clock; by the store's it may hold still.
        void releaseInStore();
        return undefined;
      }
      leases.add(lease);
      if (shared.closed === undefined) return lease;
      await lease.release();
      throw stateClosed();
    },
    async publish(channel, message) {
      const name = full(checkKey('state.publish(channel)', channel));
      const data = encode(message);
      await backend().execute({ name: 'publish', channel: name, data });
    },
    async subscribe(channel, listener, { onGap } = {}) {
      const name = full(checkKey('state.subscribe(channel)', channel));
      checkFunction('state.subscribe(channel, listener)', listener);
      const { onListenerError } = options;
      return await backend().subscribe(
        name,
        guard(
          (data: StateData | number) => listener(decodeValue(data), channel),
          channel,
          onListenerError,
        ),
        onGap && guard(onGap, channel, onListenerError),
      );
    },
    namespace(name) {
      if (typeof name === 'string' && name.length > MAX_NAMESPACE_LENGTH) {
        throw invalidArgument('state.namespace(name)', name, `${MAX_NAMESPACE_LENGTH} characters`);
      }
      return createView(`${full(checkKey('state.namespace(name)', name))}:`, shared);
    },
    async ping() {
      await backend().ping();
    },
    async close() {
      shared.closed ??= (async () => {
        // Others are to have them at once.
        await Promise.all([...leases].map(async (lease) => await lease.release()));
        shared.leaseReleases.end();
        await shared.backend.close();
      })();
      await shared.closed;
    },
  };
  provideEncoded(store, encoded);
  return store;
}

/** Stores that can tell say it in the error's details. */
function mayHaveBeenExecuted(error: unknown): boolean {
  if (!(error instanceof Error) || Reflect.get(error, 'code') !== 'STATE_UNAVAILABLE') return false;
  const { details } = error as { details?: { readonly mayHaveBeenExecuted?: boolean } };
  return details?.mayHaveBeenExecuted !== false;
}

async function* scan<T>(
  backend: () => StateBackend,
  namespace: string,
  prefix: string,
): AsyncGenerator<[key: string, value: T], undefined> {
  const seen = new Set<string>();
  let cursor = '';
  do {
    const page = await backend().execute({ name: 'scan', prefix, cursor, count: SCAN_COUNT });
    for (const [key, data] of page.entries) {
      if (seen.has(key)) continue;
      seen.add(key);
      yield [key.slice(namespace.length), decodeValue(data) as T];
    }
    ({ cursor } = page);
    if (cursor !== '') await nextTurn();
  } while (cursor !== '');
}

/** A store in this process answers at once: others are to have their turn between the pages. */
async function nextTurn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** What a listener throws, or rejects with, stops nobody else. */
function guard<A extends readonly unknown[]>(
  listener: (...args: A) => unknown,
  channel: string,
  onError: Required<StateStoreOptions>['onListenerError'],
): (...args: A) => void {
  return (...args) => {
    callListener(
      () => listener(...args),
      (error) => onError(error, channel),
    );
  };
}

function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

function toValue(data: StateData | number | undefined): unknown {
  return data === undefined ? undefined : decodeValue(data);
}

function toEntry<T>({ data, version, expiresInMs }: BackendEntry): StateEntry<T> {
  return { value: decodeValue(data) as T, version, expiresInMs: toLife(expiresInMs) };
}

function toLife(expiresInMs: number): number | undefined {
  return expiresInMs < 0 ? undefined : expiresInMs;
}
