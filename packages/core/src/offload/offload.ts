// Any process: functions of a module that run in worker threads, as users see them. Types only.
import type { ResourceLimits, Transferable } from 'node:worker_threads';

/** What `cluster.offload()` takes. All are optional. */
export interface OffloadOptions {
  /** What the module is called in errors, logs and statistics. Default: its file's name without the ending. */
  readonly name?: string;
  /**
   * How many of this process's threads the module may use at the same time, at least 1. Default: all
   * that the process has been granted; see `BootstrapOptions.offload`.
   */
  readonly threads?: number;
  /**
   * How many calls may wait for a thread; the next ones reject with `OFFLOAD_SATURATED`. Default 256;
   * 0 refuses what cannot start at once.
   */
  readonly maxQueue?: number;
  /** How long a call may wait for a thread, in ms; `Infinity` for ever. Default 10,000. */
  readonly queueTimeoutMs?: number;
  /**
   * How long a call may run once it has a thread, in ms; `Infinity` for ever. Past it the thread is
   * terminated. Default 30,000.
   */
  readonly timeoutMs?: number;
  /**
   * Threads that have not been needed for this many ms leave, at the latest after twice as many;
   * `Infinity` keeps them. Default 30,000.
   */
  readonly idleTimeoutMs?: number;
  /**
   * Starts the threads, with the module loaded, before this process becomes ready: no request waits for
   * that, and a module that cannot be loaded fails the boot. Default false: at the first call.
   */
  readonly eager?: boolean;
  /** Limits of each thread's memory, as of `new Worker()`, in MB. Default: those of V8. */
  readonly resourceLimits?: ResourceLimits;
  /**
   * Lowers the threads' priority below the event loop's, 0…19, as `nice` does. Default 0. Takes effect
   * where Piscina's optional `@napi-rs/nice` could be installed.
   */
  readonly niceIncrement?: number;
}

/** What one call may set, by `.with()`. */
export interface OffloadCallOptions {
  /**
   * Takes the call back: while it waits it leaves the queue, while it runs its thread is terminated.
   * It rejects with `OFFLOAD_ABORTED`, whose `cause` is the signal's reason.
   */
  readonly signal?: AbortSignal;
  /** Instead of {@link OffloadOptions.timeoutMs}. */
  readonly timeoutMs?: number;
  /** Instead of {@link OffloadOptions.queueTimeoutMs}. */
  readonly queueTimeoutMs?: number;
  /** What of the arguments moves to the thread instead of being copied; unusable here afterwards. */
  readonly transfer?: readonly Transferable[];
  /** Calls with a higher number get a thread first; equal ones in the order they came. Default 0. */
  readonly priority?: number;
}

/** A function of the module: takes the same arguments, and returns a promise of the same result. */
export interface OffloadedFunction<Args extends readonly unknown[], Result> {
  /**
   * Runs the function in a thread.
   *
   * @throws {CorralError} `OFFLOAD_SATURATED`, `OFFLOAD_TIMEOUT`, `OFFLOAD_ABORTED`,
   *   `OFFLOAD_CRASHED`, `OFFLOAD_UNCLONEABLE`, `OFFLOAD_MODULE_FAILED`, `SHUTTING_DOWN`; or what the
   *   function throws, with its name, message, code and stack.
   */
  (...args: Args): Promise<Result>;
  /**
   * The same function with settings of its own.
   *
   * @throws {CorralError} `INVALID_ARGUMENT`
   */
  with(options: OffloadCallOptions): (...args: Args) => Promise<Result>;
}

type FunctionNames<Module> = {
  [Name in keyof Module]: Module[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Module];

/** The functions that a module exports, each of them running in a thread. */
export type Offloaded<Module> = {
  readonly [Name in FunctionNames<Module>]: Module[Name] extends (
    ...args: infer Args
  ) => infer Result
    ? OffloadedFunction<Args, Awaited<Result>>
    : never;
} & {
  /** Lets what waits and runs finish, takes nothing new, and ends the threads. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** Durations, counted in buckets that can be added up and exported. */
export interface DurationHistogram {
  /** The upper bounds of the buckets, in ms; the last bucket has none. */
  readonly boundsMs: readonly number[];
  /** How many fell into each bucket; one more than there are bounds. Not cumulative. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sumMs: number;
  readonly maxMs: number;
  /** Half, and 99 of 100, took no longer; estimated from the buckets. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Why a thread was ended, or ended by itself, in the middle of a call. */
export type ThreadTermination = 'timeout' | 'aborted' | 'crashed';

/** The figures of the modules of one name since the first was used. What is counted stays when they are closed. */
export interface OffloadModuleStatus {
  readonly name: string;
  /** Threads that are there: busy, idle and starting. */
  readonly threads: number;
  readonly running: number;
  readonly queued: number;
  readonly maxQueue: number;
  /** Calls by their end: with a result, with an error of the function, and without having run to an end. */
  readonly completed: number;
  readonly failed: number;
  readonly saturated: number;
  readonly timedOut: number;
  readonly aborted: number;
  readonly crashed: number;
  readonly terminations: Readonly<Record<ThreadTermination, number>>;
  /** How long calls waited for their thread, its start included; of those that got one. */
  readonly wait: DurationHistogram;
  /** How long calls ran, whatever their end. */
  readonly run: DurationHistogram;
}

/** The threads of one process, or of all; then what is counted includes processes that are gone. */
export interface OffloadStatus {
  /** How many threads may run at the same time. */
  readonly grantedThreads: number;
  /** The share of that in use, 0…1: over the last seconds, or since the figures were last read. */
  readonly utilizationRatio: number;
  readonly modules: readonly OffloadModuleStatus[];
}
