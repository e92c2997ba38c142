// Any process: work that only one process does at a time, as the app uses it. Types only.

/** What the work gets to know of the lease under which it runs. */
export interface ExclusiveContext {
  /**
   * Aborts when the work has to end, always before another process can begin it. Its reason is a
   * `CorralError`: `STATE_LEASE_LOST`, or `SINGLETON_STOPPED` when a singleton is to leave this process.
   */
  readonly signal: AbortSignal;
  /**
   * Higher than that of every earlier run of this name. Give it to whatever the work changes, and let that
   * refuse lower ones: it is what protects from a process that was stopped and goes on without noticing.
   */
  readonly fencingToken: number;
  /**
   * Whether the work may go on, by the clock. After a stop of the whole process (SIGSTOP, a suspended
   * machine) callbacks that were due may run before {@link signal} aborts: ask before a step that two
   * must not do.
   */
  isHeld(): boolean;
}

export interface ExclusiveOptions {
  /**
   * How long to wait while another process does it, in ms; 0 tries once. Who waits is served in no
   * particular order. Default 10,000.
   */
  readonly waitMs?: number;
  /**
   * How long the lease outlives a process that was killed, or cannot reach the state, in ms, at least 100.
   * It is renewed while the work runs. Default 10,000.
   */
  readonly ttlMs?: number;
}

export interface SingletonOptions {
  /**
   * How long the lease outlives a process that was killed, or cannot reach the state, in ms, at least 100.
   * The embedded state frees it as soon as its worker has ended. Default 10,000.
   */
  readonly ttlMs?: number;
  /** How long the work may take to stop before that is reported, in ms. Default 5,000. */
  readonly stopTimeoutMs?: number;
}

/** Ends the work of a singleton. */
export type StopSingleton = () => void | Promise<void>;

/**
 * Begins the work of a singleton. Returns, or resolves with, what stops it; or does all of its work before
 * it resolves, and heeds the signal. When it rejects, even after hours, the work has failed and begins
 * anew, in any of the processes.
 */
export type StartSingleton = (
  context: ExclusiveContext,
) => StopSingleton | void | Promise<StopSingleton | void>;

export interface Singleton {
  readonly name: string;
  /** Whether this process does the work at the moment. */
  readonly isActive: boolean;
  /**
   * Takes this process out of those that may do the work, and ends it here: the signal aborts, the stop is
   * awaited, and then another process has it at once. A shutdown does so by itself. Idempotent.
   */
  close(): Promise<void>;
}

/**
 * Work that one process does and all others leave: one of the cluster's, or with a state on Redis one of
 * all machines'. It stands on the leases of `cluster.state`.
 *
 * @throws {CorralError} from every member: `INVALID_ARGUMENT`
 */
export interface ExclusiveWork {
  /**
   * Runs `work` while no other process runs work of that name. A shutdown waits for it, for as long as a
   * hook may take.
   *
   * @throws {CorralError} `EXCLUSIVE_BUSY` when others had it for all of `waitMs`; `STATE_LEASE_LOST` when
   *   the lease was lost while it ran, so that another may have begun; the codes of `cluster.state` when
   *   that cannot be reached
   */
  runExclusive<T>(
    name: string,
    work: (context: ExclusiveContext) => T | Promise<T>,
    options?: ExclusiveOptions,
  ): Promise<T>;
  /**
   * Makes this process one of those that may do the work; one of them does. Call it in every worker, in
   * `main`. When the one that does it ends, drains, fails or loses its lease, another begins. Resolves
   * before anything has begun.
   */
  singleton(name: string, start: StartSingleton, options?: SingletonOptions): Promise<Singleton>;
}
