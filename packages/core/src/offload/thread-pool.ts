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

export interface ThreadBoot {
  /**
   * Why the module cannot be loaded; the thread is there nevertheless. Rejects with what ended the thread in
   * its start.
   */
  readonly result: Promise<ThreadFailure | undefined>;
  /** Terminates the thread; `result` rejects. */
  terminate(): void;
}

/** Told once, when the thread is free again or gone; the run's `result` settles a moment later. */
export interface ThreadObserver {
  threadEnded(): void;
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
  /** Starts one more thread and loads the module in it. */
  boot(): ThreadBoot;
  run(call: ThreadCall, transfer: readonly Transferable[], observer: ThreadObserver): ThreadRun;
  /** Terminates all threads. */
  destroy(): Promise<void>;
}

/** As far as Piscina is concerned; the scheduler knows how many may run. */
const MAX_THREADS = 1_024;

export function createThreadPool(options: ThreadPoolOptions): ThreadPool {
  const workerData: ThreadData = { moduleUrl: options.moduleUrl };
  const piscina = new Piscina({
    filename: fileURLToPath(new URL('./thread-entry.js', import.meta.url)),
    name: 'runInThread',
    workerData,
    minThreads: 0,
    maxThreads: MAX_THREADS,
    // It would start a timer after every call, as there is never one that waits in its queue.
    idleTimeout: Infinity,
    niceIncrement: options.niceIncrement,
    // Corral keeps its own.
    recordTiming: false,
    ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
  });
  const boots = new Set<ThreadRun>();
  const runs = new Set<PiscinaRun>();
  /** How many threads have been idle all the time since the last look. */
  let alwaysIdle = 0;
  let nextLook: NodeJS.Timeout | undefined;
  let bootError: unknown;

  const run = (
    call: ThreadCall,
    transfer: readonly Transferable[],
    observer?: ThreadObserver,
  ): ThreadRun => {
    const started = new PiscinaRun(runs, observer);
    started.result =
      transfer.length === 0
        ? piscina.run(call, { signal: started })
        : // Piscina takes what postMessage does; its types know a part of that.
          piscina.run(call, { signal: started, transferList: [...transfer] as never[] });
    alwaysIdle = Math.min(alwaysIdle, piscina.idleThreads);
    return started;
  };

  // Once for all threads and not by a timer for each: who has not been needed for so long leaves.
  const lookForIdle = (): void => {
    for (let leaving = alwaysIdle; leaving > 0; leaving -= 1) {
      // What is aborted as it runs takes its thread along.
      const leave = run({ kind: 'load' }, []);
      leave.result.catch(() => undefined);
      leave.terminate();
    }
    alwaysIdle = piscina.idleThreads;
    nextLook = piscina.threads.length > 0 ? scheduleLook() : undefined;
  };
  const scheduleLook = (): NodeJS.Timeout | undefined =>
    options.idleTimeoutMs === Infinity
      ? undefined
      : setTimeout(lookForIdle, options.idleTimeoutMs).unref();

  // Every run has a thread, or one on its way. When one dies in its start, Piscina says nothing to the
  // call that waits for it: the newest, for the older ones get the threads that do start.
  const failBoots = (): void => {
    const stranded = runs.size - piscina.threads.length;
    if (stranded > 0) for (const boot of [...boots].slice(-stranded)) boot.terminate();
  };
  piscina.on('workerDestroy', () => setImmediate(failBoots));
  piscina.on('error', (error: unknown) => {
    if (boots.size > 0) bootError = error;
    else options.onIdleError(error);
  });

  const resultOf = async (boot: ThreadRun): Promise<ThreadFailure | undefined> => {
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
  };

  return {
    get size() {
      return piscina.threads.length;
    },
    get idle() {
      return piscina.idleThreads;
    },
    boot() {
      const boot = run({ kind: 'load' }, []);
      boots.add(boot);
      nextLook ??= scheduleLook();
      return { result: resultOf(boot), terminate: () => boot.terminate() };
    },
    run,
    async destroy() {
      clearTimeout(nextLook);
      await piscina.destroy();
    },
  };
}

/**
 * A run, and what Piscina needs of an abort signal, at a small part of an AbortController's cost.
 *
 * Piscina takes its listener away when the thread has answered, before anybody hears of the answer.
 * Whoever gives the thread its next call at that moment keeps it busy: the answer itself comes a microtask
 * later, behind other answers that Piscina may have at hand.
 */
class PiscinaRun implements ThreadRun {
  result: Promise<unknown> = NO_RESULT;
  readonly #runs: Set<PiscinaRun>;
  readonly #observer: ThreadObserver | undefined;
  #abort: (() => void) | undefined;

  constructor(runs: Set<PiscinaRun>, observer: ThreadObserver | undefined) {
    this.#runs = runs;
    this.#observer = observer;
    runs.add(this);
  }

  once(_event: 'abort', listener: () => void): void {
    this.#abort = listener;
  }

  removeListener(): void {
    this.#abort = undefined;
    if (this.#runs.delete(this)) this.#observer?.threadEnded();
  }

  off(): void {
    this.removeListener();
  }

  terminate(): void {
    this.#abort?.();
    this.removeListener();
  }
}

/** Until Piscina has given its own. */
const NO_RESULT = Promise.resolve();
