// Any process, once a call needs a thread: a module's threads, by Piscina. The only file that loads it.
import { fileURLToPath } from 'node:url';
import type { ResourceLimits, Transferable } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { ThreadCall, ThreadData, ThreadFailure } from './thread-call.js';
import { isThreadFailure } from './thread-call.js';

export interface ThreadPoolOptions {
  readonly moduleUrl: string;
  readonly idleTimeoutMs: number;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly niceIncrement: number;
  /** A thread died that had nothing to do. */
  readonly onIdleError: (error: unknown) => void;
}

export interface ThreadRun {
  /** Rejects with a `ThreadFailure`, or with an error when the thread has ended or was terminated. */
  readonly result: Promise<unknown>;
  /** Terminates the thread; `result` rejects at once. */
  terminate(): void;
}

/**
 * Piscina's part is to start threads and to speak with them, and never to queue: a call is given to it
 * only when there is an idle thread, so it begins to run at that very moment and deadlines are exact.
 */
export interface ThreadPool {
  /** Threads that are there, those on their way included. */
  readonly size: number;
  /** Threads that can take a call now. */
  readonly idle: number;
  /**
   * Starts one more thread and loads the module in it.
   *
   * @returns why the module cannot be loaded; the thread is there nevertheless
   * @throws what ended the thread in its start
   */
  boot(): Promise<ThreadFailure | undefined>;
  run(call: ThreadCall, transfer: readonly Transferable[]): ThreadRun;
  /** Terminates all threads. */
  destroy(): Promise<void>;
}

/** As far as Piscina is concerned; the scheduler knows how many may run. */
const MAX_THREADS = 1_024;
/** setTimeout fires at once for anything longer than this. */
const MAX_TIMER_MS = 2_147_483_647;

export function createThreadPool(options: ThreadPoolOptions): ThreadPool {
  const workerData: ThreadData = { moduleUrl: options.moduleUrl };
  const piscina = new Piscina({
    filename: fileURLToPath(new URL('./thread-entry.js', import.meta.url)),
    name: 'runInThread',
    workerData,
    minThreads: 0,
    maxThreads: MAX_THREADS,
    idleTimeout: Math.min(options.idleTimeoutMs, MAX_TIMER_MS),
    niceIncrement: options.niceIncrement,
    // Corral keeps its own.
    recordTiming: false,
    ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
  });
  const boots = new Set<ThreadRun>();
  let runs = 0;
  let bootError: unknown;

  const run = (call: ThreadCall, transfer: readonly Transferable[]): ThreadRun => {
    const termination = new Termination();
    runs += 1;
    const result: Promise<unknown> = piscina.run(call, {
      signal: termination,
      // Piscina takes what postMessage does; its types know a part of that.
      ...(transfer.length > 0 ? { transferList: [...transfer] as never[] } : {}),
    });
    const ended = (): void => {
      runs -= 1;
    };
    result.then(ended, ended);
    return { result, terminate: () => termination.abort() };
  };

  // Every run has a thread, or one on its way. When one dies in its start, Piscina says nothing to the
  // call that waits for it: the newest, for the older ones get the threads that do start.
  const failBoots = (): void => {
    const stranded = runs - piscina.threads.length;
    if (stranded > 0) for (const boot of [...boots].slice(-stranded)) boot.terminate();
  };
  piscina.on('workerDestroy', () => setImmediate(failBoots));
  piscina.on('error', (error: unknown) => {
    if (boots.size > 0) bootError = error;
    else options.onIdleError(error);
  });

  return {
    get size() {
      return piscina.threads.length;
    },
    get idle() {
      return piscina.idleThreads;
    },
    async boot() {
      const boot = run({ kind: 'load' }, []);
      boots.add(boot);
      try {
        await boot.result;
        return undefined;
      } catch (error) {
        if (isThreadFailure(error)) return error;
        const cause = bootError ?? error;
        bootError = undefined;
        throw cause;
      } finally {
        boots.delete(boot);
      }
    },
    run,
    destroy: async () => await piscina.destroy(),
  };
}

/** What Piscina needs of an abort signal, at a small part of an AbortController's cost for every call. */
class Termination {
  #listener: (() => void) | undefined;

  once(_event: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeListener(): void {
    this.#listener = undefined;
  }

  off(): void {
    this.#listener = undefined;
  }

  abort(): void {
    this.#listener?.();
  }
}
