// Any process that runs the app: the shared state as a storage adapter of Keyv, and so of what stands on Keyv.
import { EventEmitter } from 'node:events';
import { stateNamespace } from '../cluster-state.js';
import type { StateStore } from '../state-store.js';

export interface KeyvStoreOptions {
  /** Where the values are kept. Default: the state of this process's cluster. */
  readonly state?: StateStore;
}

interface KeyvEntry {
  readonly key: string;
  readonly value: unknown;
  /** Keyv 6: when it ends, in ms since 1970. */
  readonly expires?: number | undefined;
  /** Keyv 5: for how long it lives, in ms. */
  readonly ttl?: number | undefined;
}

/**
 * Keyv's storage adapter, without Keyv's types: this package does not need Keyv. Failures are rejected,
 * and Keyv emits them; nothing is emitted here.
 */
export interface KeyvStore extends EventEmitter {
  readonly opts: Record<string, unknown>;
  /** Set by Keyv. */
  namespace: string | undefined;
  readonly capabilities: { readonly expires: true };
  get(key: string): Promise<unknown>;
  getMany(keys: readonly string[]): Promise<unknown[]>;
  set(key: string, value: unknown, expires?: number): Promise<boolean>;
  setMany(entries: readonly KeyvEntry[]): Promise<boolean[]>;
  has(key: string): Promise<boolean>;
  hasMany(keys: readonly string[]): Promise<boolean[]>;
  delete(key: string): Promise<boolean>;
  deleteMany(keys: readonly string[]): Promise<boolean[]>;
  clear(): Promise<void>;
  iterator(): AsyncGenerator<[key: string, value: unknown], void>;
  disconnect(): Promise<void>;
}

/**
 * A store for Keyv 6 and 5, and for what takes Keyv stores, such as cache-manager:
 * `new Keyv({ store: createKeyvStore() })`. Disconnecting Keyv leaves the state open: it is the cluster's.
 */
export function createKeyvStore(options: KeyvStoreOptions = {}): KeyvStore {
  let namespace: string | undefined;
  let values = stateNamespace(options.state, 'keyv');

  const store = async (key: string, value: unknown, lifeMs: number): Promise<true> => {
    if (lifeMs === Infinity) await values().set(key, value);
    else if (lifeMs > 0) await values().set(key, value, { ttlMs: lifeMs });
    else await values().delete(key);
    return true;
  };

  // Keyv looks for native async functions: others it takes for those of a Map.
  const methods = {
    get: async (key: string) => await values().get(key),
    getMany: async (keys: readonly string[]) => await values().getMany(keys),
    set: async (key: string, value: unknown, expires?: number) =>
      await store(key, value, lifeMsOf(expires, Date.now())),
    setMany: async (entries: readonly KeyvEntry[]) => {
      const nowMs = Date.now();
      // Of one turn, so they travel together.
      return await Promise.all(
        entries.map(
          async ({ key, value, expires, ttl }) =>
            await store(key, value, lifeMsOf(expires ?? ttl, nowMs)),
        ),
      );
    },
    has: async (key: string) => await values().has(key),
    hasMany: async (keys: readonly string[]) =>
      await Promise.all(keys.map(async (key) => await values().has(key))),
    delete: async (key: string) => await values().delete(key),
    deleteMany: async (keys: readonly string[]) =>
      await Promise.all(keys.map(async (key) => await values().delete(key))),
    clear: async () => void (await values().clear()),
    iterator: async function* () {
      yield* values().entries();
    },
    disconnect: async () => undefined,
    // Keyv 5 iterates only over stores of a dialect that it knows.
    opts: { dialect: 'redis' },
    capabilities: { expires: true } as const,
  };
  const adapter = Object.assign(new EventEmitter(), methods);
  return Object.defineProperty(adapter, 'namespace', {
    enumerable: true,
    get: () => namespace,
    set(name: string | undefined) {
      namespace = name;
      values = stateNamespace(options.state, name ? `keyv:${name}` : 'keyv');
    },
  }) as typeof adapter & { namespace: string | undefined };
}

/** No time that Keyv 6 gives is before this (2001), and no life that Keyv 5 gives is as long (31 years). */
const FIRST_TIME_MS = 1e12;

/** For how long a value lives from now on; Infinity without an end. Pure. */
function lifeMsOf(expires: number | undefined, nowMs: number): number {
  if (expires === undefined || !Number.isFinite(expires)) return Infinity;
  return Math.ceil(expires < FIRST_TIME_MS ? expires : expires - nowMs);
}
