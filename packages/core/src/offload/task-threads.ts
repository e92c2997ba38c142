// Any process: gives a module's calls, which may run by the scheduler's leave, one of its threads each:
// an idle one, or one that is started for it.
import type { ThreadPool } from './thread-pool.js';
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

/** @param createPool called with the first thread that is needed */
export function createTaskThreads(createPool: () => Promise<ThreadPool>): TaskThreads {
  const waiting = new Set<ThreadTask>();
  let creating: Promise<ThreadPool> | undefined;
  let pool: ThreadPool | undefined;
  let booting = 0;

  const serve = (): void => {
    for (const task of waiting) {
      if (pool === undefined || pool.idle === 0) return;
      waiting.delete(task);
      task.run(pool);
    }
  };

  const boot = async (): Promise<ThreadFailure | undefined> => {
    booting += 1;
    try {
      creating ??= createPool();
      pool = await creating;
      return await pool.boot();
    } finally {
      booting -= 1;
    }
  };

  const bootFor = (): void => {
    // A module that cannot be loaded is told to the call by the thread itself.
    boot().then(serve, (error: unknown) => {
      const [first] = waiting;
      if (first === undefined) return;
      waiting.delete(first);
      first.failToStart(error);
    });
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
      if (booting < waiting.size) bootFor();
    },
    forget: (task) => waiting.delete(task),
    freed: serve,
    async warm(threads) {
      const missing = threads - (pool?.size ?? 0);
      const failures = await Promise.all(
        Array.from({ length: Math.max(0, missing) }, async () => await boot()),
      );
      serve();
      return failures.find((failure) => failure !== undefined);
    },
    async destroy() {
      await (await creating)?.destroy();
    },
  };
}
