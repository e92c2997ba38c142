// Any process: gives a module's calls, which may run by the scheduler's leave, one of its threads each:
// an idle one, or one that is started for it.
import type { ThreadBoot, ThreadPool } from './thread-pool.js';
import type { ThreadFailure } from './thread-call.js';

/** A call that may run and needs a thread. */
export interface ThreadTask {
  /** There is one: `pool.run()` has to be called at once. */
  run(pool: ThreadPool): void;
  /** The thread that was started for it did not live to take it. */
  failToStart(error: unknown): void;
}

export interface TaskThreads {
  readonly size: number;
  start(task: ThreadTask): void;
  /** The call is taken back; false when it has a thread already. */
  forget(task: ThreadTask): boolean;
  /** A thread has become idle, or may have. */
  freed(): void;
  /**
   * Starts threads until there are so many.
   *
   * @returns why the module cannot be loaded
   * @throws what ended a thread in its start
   */
  warm(threads: number): Promise<ThreadFailure | undefined>;
  destroy(): Promise<void>;
}

/** A thread that is being started, and loads the module. */
interface Boot {
  readonly sinceMs: number;
  /** Not before there is a pool. */
  thread: ThreadBoot | undefined;
}

/** A module that takes longer to load is given up when a call leaves that has waited for it in vain. */
const BOOT_PATIENCE_MS = 30_000;

/** @param createPool called with the first thread that is needed */
export function createTaskThreads(createPool: () => Promise<ThreadPool>): TaskThreads {
  const waiting = new Set<ThreadTask>();
  let creating: Promise<ThreadPool> | undefined;
  let pool: ThreadPool | undefined;
  const booting = new Set<Boot>();

  const serve = (): void => {
    for (const task of waiting) {
      if (pool === undefined || pool.idle === 0) return;
      waiting.delete(task);
      task.run(pool);
    }
  };

  const begin = (): Boot => {
    const boot: Boot = { sinceMs: performance.now(), thread: undefined };
    booting.add(boot);
    return boot;
  };

  const finish = async (boot: Boot): Promise<ThreadFailure | undefined> => {
    creating ??= createPool();
    pool = await creating;
    boot.thread = pool.boot();
    return await boot.thread.result;
  };

  const bootFor = (): void => {
    const boot = begin();
    const loaded = (): void => {
      // A module that cannot be loaded is told to the call by the thread itself.
      booting.delete(boot);
      serve();
    };
    finish(boot).then(loaded, (error: unknown) => {
      const wasGivenUp = !booting.delete(boot);
      const [first] = waiting;
      if (wasGivenUp || first === undefined) return;
      waiting.delete(first);
      first.failToStart(error);
    });
  };

  /** One that hangs would otherwise be what all later calls wait for. */
  const giveUpOverdue = (): void => {
    const overdueMs = performance.now() - BOOT_PATIENCE_MS;
    for (const boot of booting) {
      if (boot.thread === undefined || boot.sinceMs > overdueMs) continue;
      booting.delete(boot);
      boot.thread.terminate();
      if (booting.size < waiting.size) bootFor();
    }
  };

  return {
    get size() {
      return pool?.size ?? 0;
    },
    start(task) {
      if (pool !== undefined && waiting.size === 0 && pool.idle > 0) {
        task.run(pool);
        return;
      }
      waiting.add(task);
      if (booting.size < waiting.size) bootFor();
    },
    forget(task) {
      const hasWaited = waiting.delete(task);
      if (hasWaited) giveUpOverdue();
      return hasWaited;
    },
    freed: serve,
    async warm(threads) {
      const missing = threads - (pool?.size ?? 0);
      const failures = await Promise.all(
        Array.from({ length: Math.max(0, missing) }, async () => {
          const boot = begin();
          try {
            return await finish(boot);
          } finally {
            booting.delete(boot);
          }
        }),
      );
      serve();
      return failures.find((failure) => failure !== undefined);
    },
    async destroy() {
      await (await creating)?.destroy();
    },
  };
}
