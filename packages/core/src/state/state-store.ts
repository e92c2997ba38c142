// Any process: the shared state as users see it, whichever store keeps it. Types only.

/** How long a key is to live. */
export interface ExpiryOptions {
  /** In ms, at least 1. Default: for ever. */
  readonly ttlMs?: number;
}

/** A value with what compare-and-set needs to know of it. */
export interface StateEntry<T = unknown> {
  readonly value: T;
  /**
   * Another one with every change of the key's value, and none that the key had before, also when it was
   * deleted and set again. A positive safe integer without further meaning: a later one may be lower. Touching
   * a key leaves it.
   */
  readonly version: number;
  /** How long the key has still to live, in ms; undefined without an end. */
  readonly expiresInMs: number | undefined;
}

export interface IncrementResult {
  readonly value: number;
  readonly expiresInMs: number | undefined;
}

export type CompareAndSetResult<T = unknown> =
  | { readonly ok: true; readonly version: number }
  /** Somebody else was first; `current` is what is there now, undefined when nothing is. */
  | { readonly ok: false; readonly current: StateEntry<T> | undefined };

export interface LeaseOptions {
  /** How long the lease holds without being renewed, in ms, at least 100. */
  readonly ttlMs: number;
}

/**
 * The right to do something alone, for a while. A process that is stopped for longer than `ttlMs` has
 * lost it without noticing: give {@link fencingToken} to whatever the work changes, and let that refuse
 * lower tokens than it has seen.
 */
export interface Lease {
  readonly name: string;
  /** Higher than that of every earlier holder of this name. */
  readonly fencingToken: number;
  /** Aborts when the lease is lost (expired by this process's own clock, or refused) or released. */
  readonly signal: AbortSignal;
  /**
   * Makes it hold for `ttlMs` from now.
   *
   * @returns false when it is lost; the signal has aborted then
   */
  renew(): Promise<boolean>;
  /** Gives it up, for others to have at once. Idempotent; never throws for a lease that is lost. */
  release(): Promise<void>;
}

export type StateListener = (message: unknown, channel: string) => unknown;

export interface SubscribeOptions {
  /**
   * Called when messages may have been missed and arrive again: the connection to Redis was lost. Whoever
   * keeps a copy of something reads it again now. The embedded store never calls it.
   */
  readonly onGap?: () => void;
}

/**
 * State that all processes of a cluster share: in the primary's memory (the embedded store), or on Redis
 * for more than one machine.
 *
 * Keys are strings of 1 to 1,024 characters. Values are what the structured clone algorithm carries
 * without loss: strings, numbers, booleans, null, undefined inside of objects, bigint, Date, RegExp, Map,
 * Set, Buffer, typed arrays, ArrayBuffer, Error, arrays and plain objects of them, in both stores alike.
 * Functions, symbols, promises and instances of classes are refused. What comes back is always a copy.
 *
 * Every call settles within the store's deadline; each part of a large one has a deadline of its own.
 *
 * @throws {CorralError} from every member: `STATE_VALUE_UNSUPPORTED` (with the path of the offending
 *   property), `STATE_VALUE_TOO_LARGE`, `STATE_FULL`, `STATE_TYPE_MISMATCH` (incrementing what is no
 *   number), `STATE_UNAVAILABLE` (the store cannot be reached within the deadline), `STATE_CLOSED`,
 *   `INVALID_ARGUMENT`
 */
export interface StateStore {
  /** The value, or undefined when there is none. */
  get<T = unknown>(key: string): Promise<T | undefined>;
  /** The value with its version and remaining life. */
  getEntry<T = unknown>(key: string): Promise<StateEntry<T> | undefined>;
  /** Sets a value; without `ttlMs` the key lives for ever, whatever it did before. Resolves with the new version. */
  set(key: string, value: unknown, options?: ExpiryOptions): Promise<number>;
  has(key: string): Promise<boolean>;
  /** @returns whether there was something to delete */
  delete(key: string): Promise<boolean>;
  /**
   * Changes only how long a key lives.
   *
   * @returns false when there is no such key
   */
  touch(key: string, options?: ExpiryOptions): Promise<boolean>;
  /**
   * The values in the order of the keys, undefined for those that are not there. More than 1,000 are read in
   * parts.
   */
  getMany<T = unknown>(keys: readonly string[]): Promise<Array<T | undefined>>;
  /**
   * Sets several. Not one atomic step on Redis, nor with more than 1,000 keys or 256 KiB: those go in parts, so
   * that others have their turn, and when it rejects, a part may have been set.
   */
  setMany(
    entries: Iterable<readonly [key: string, value: unknown]>,
    options?: ExpiryOptions,
  ): Promise<void>;
  /**
   * Deletes several; more than 1,000 in parts.
   *
   * @returns how many there were
   */
  deleteMany(keys: readonly string[]): Promise<number>;
  /**
   * Adds to a number, atomically; a key that is not there counts as 0.
   *
   * @param by a safe integer, default 1, may be negative
   * @param options `ttlMs` applies when this call creates the key; a later increment does not extend it
   */
  increment(key: string, by?: number, options?: ExpiryOptions): Promise<IncrementResult>;
  /**
   * Sets a value if nobody has changed it meanwhile.
   *
   * @param expectedVersion of {@link getEntry}; 0: the key is not there
   */
  compareAndSet<T = unknown>(
    key: string,
    expectedVersion: number,
    value: T,
    options?: ExpiryOptions,
  ): Promise<CompareAndSetResult<T>>;
  /**
   * All keys that begin with `prefix`, with their values. A key that is there all the while comes once;
   * one that is set or deleted meanwhile may or may not come.
   */
  entries<T = unknown>(prefix?: string): AsyncIterableIterator<[key: string, value: T]>;
  /**
   * Deletes all keys that begin with `prefix` (all of this namespace without one). In parts: others can see
   * some gone and some not yet, and a key that is set meanwhile may go or stay.
   *
   * @returns how many there were
   */
  clear(prefix?: string): Promise<number>;
  /** Tries once; undefined when somebody else holds it. */
  acquireLease(name: string, options: LeaseOptions): Promise<Lease | undefined>;
  /** At most once: who is not subscribed at the moment, or not connected, does not get the message. */
  publish(channel: string, message: unknown): Promise<void>;
  /**
   * Resolves when the subscription is in force; with a function that ends it. The publisher gets its own
   * messages too.
   */
  subscribe(
    channel: string,
    listener: StateListener,
    options?: SubscribeOptions,
  ): Promise<() => Promise<void>>;
  /** The same store, with `name:` before every key, lease and channel. Closing it is closing the store. */
  namespace(name: string): StateStore;
  /** Resolves when the store answers; for health checks. */
  ping(): Promise<void>;
  /** Lets go of connections and timers; what is pending and later is rejected with `STATE_CLOSED`. Idempotent. */
  close(): Promise<void>;
}
