import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deferred } from '../deferred.js';
import type { Deferred } from '../deferred.js';
import { createTaskThreads } from './task-threads.js';
import type { TaskThreads, ThreadTask } from './task-threads.js';
import type { ThreadPool } from './thread-pool.js';

interface TestThreads {
  readonly threads: TaskThreads;
  /** Of each thread that was started: resolving it says that it has loaded the module. */
  readonly boots: ReadonlyArray<Deferred<undefined>>;
  readonly terminated: readonly number[];
  /** Resolves when a task may have been given to a thread. */
  settle(): Promise<void>;
}

function createThreads(): TestThreads {
  const boots: Array<Deferred<undefined>> = [];
  const terminated: number[] = [];
  let idle = 0;
  const pool: ThreadPool = {
    get size() {
      return boots.length - terminated.length;
    },
    get idle() {
      return idle;
    },
    boot() {
      const boot = deferred<undefined>();
      const index = boots.push(boot) - 1;
      return {
        result: boot.promise.then(() => void (idle += 1)),
        terminate() {
          terminated.push(index);
          boot.reject(new Error('terminated'));
        },
      };
    },
    run: () => {
      idle -= 1;
      return { result: Promise.resolve(), terminate: () => undefined };
    },
    destroy: async () => await Promise.resolve(),
  };
  return {
    threads: createTaskThreads(async () => await Promise.resolve(pool)),
    boots,
    terminated,
    settle: async () => void (await vi.advanceTimersByTimeAsync(0)),
  };
}

/** A call: what became of it. */
function createTask(): ThreadTask & { became: unknown } {
  return {
    became: 'waiting',
    run(pool) {
      pool.run({ kind: 'load' }, [], { threadEnded: () => undefined });
      this.became = 'running';
    },
    failToStart(error) {
      this.became = error;
    },
  };
}

describe('the threads of a module', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are not started again for a call that waits for less time than a module may take', async () => {
    const { threads, boots, terminated, settle } = createThreads();
    const [first, second] = [createTask(), createTask()];
    threads.start(first);
    await settle();
    vi.advanceTimersByTime(29_000);
    expect(threads.forget(first)).toBe(true);
    threads.start(second);
    boots[0]?.resolve(undefined);
    await settle();
    expect(second.became).toBe('running');
    expect([boots.length, terminated]).toEqual([1, []]);
  });

  it('that hang as they load the module are given up for those that wait, and come later', async () => {
    const { threads, boots, terminated, settle } = createThreads();
    const [first, second, third] = [createTask(), createTask(), createTask()];
    threads.start(first);
    await settle();
    vi.advanceTimersByTime(20_000);
    // As its deadline passes; the next one has to wait for the same thread.
    threads.forget(first);
    threads.start(second);
    vi.advanceTimersByTime(5_000);
    threads.start(third);
    await settle();
    expect(boots).toHaveLength(2);
    vi.advanceTimersByTime(5_000);
    threads.forget(second);
    await settle();
    expect(terminated).toEqual([0]);
    // There is another on its way for the one that waits.
    expect(boots).toHaveLength(2);
    boots[1]?.resolve(undefined);
    await settle();
    expect(third.became).toBe('running');
  });

  it('that hang do so for no longer than one call waits in vain', async () => {
    const { threads, boots, terminated, settle } = createThreads();
    const [first, second] = [createTask(), createTask()];
    threads.start(first);
    await settle();
    vi.advanceTimersByTime(30_000);
    threads.forget(first);
    expect(terminated).toEqual([0]);
    threads.start(second);
    await settle();
    boots[1]?.resolve(undefined);
    await settle();
    expect(second.became).toBe('running');
  });
});
