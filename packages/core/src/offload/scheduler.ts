// Any process: which call gets a thread next. One for the process, because its threads are: no more run
// at the same time than the process has been granted, whatever module they belong to.
import { createTaskQueue } from './task-queue.js';
import type { TaskQueue } from './task-queue.js';

/** The part of a module that the scheduler knows: how much of it runs, and what of it waits. */
export interface Lane {
  readonly queue: TaskQueue<Job>;
  /** How many threads it may use at the same time. */
  readonly maxThreads: number;
  readonly maxQueue: number;
  busy: number;
}

/** Something that runs on one thread, or on several that have to run at the same time. */
export interface Job {
  /** The lanes whose threads it needs, one for each entry. */
  readonly lanes: readonly Lane[];
  /** In whose queue it waits. */
  readonly home: Lane;
  readonly priority: number;
  /** In which order jobs came; set by the scheduler. */
  seq: number;
  /** Called when the threads may be used, possibly from within `submit`. */
  start(): void;
}

export type Submission = 'started' | 'queued' | 'saturated';

export interface Scheduler {
  /** How many threads may run at the same time, one call beside pipelines apart; raising it starts what waits. */
  limit: number;
  /** How many do. */
  readonly busy: number;
  submit(job: Job): Submission;
  /** Takes a job back that waits; false when it does not. */
  cancel(job: Job): boolean;
  /** A job no longer uses a thread of this lane. */
  release(lane: Lane, job: Pick<Job, 'lanes'>): void;
}

export function createLane(limits: Pick<Lane, 'maxThreads' | 'maxQueue'>): Lane {
  return { ...limits, queue: createTaskQueue<Job>(), busy: 0 };
}

/** @param limit at least 1 */
export function createScheduler(limit: number): Scheduler {
  /** Lanes with jobs that wait. */
  const waiting = new Set<Lane>();
  let limitNow = limit;
  let busy = 0;
  /** By jobs that run on several threads. */
  let busyByMany = 0;
  let lastSeq = 0;

  // A job that needs more threads than there may ever be runs alone, rather than never.
  const hasThreads = ({ lanes }: Job): boolean => busy === 0 || busy + lanes.length <= limitNow;

  // Those for several threads are pipelines, which last for as long as somebody reads from them; and who does may wait
  // for a call. So one call may always run beside them, also before those that wait for several threads.
  const hasRoomBeside = (): boolean => busy > 0 && busy === busyByMany;

  const isWithinLanes = ({ lanes, home }: Job): boolean => {
    if (lanes.length === 1) return home.busy < home.maxThreads;
    return lanes.every((lane) => {
      const needed = lanes.filter((each) => each === lane).length;
      return lane.busy === 0 || lane.busy + needed <= lane.maxThreads;
    });
  };

  const start = (job: Job): void => {
    busy += job.lanes.length;
    if (!isSingle(job)) busyByMany += job.lanes.length;
    for (const lane of job.lanes) lane.busy += 1;
    job.start();
  };

  /** The job that is due before all others whose lanes have room. */
  const next = (firstOf: (queue: TaskQueue<Job>) => Job | undefined): Job | undefined => {
    let best: Job | undefined;
    for (const lane of waiting) {
      const job = firstOf(lane.queue);
      if (job === undefined || !isWithinLanes(job)) continue;
      if (best === undefined || comesBefore(job, best)) best = job;
    }
    return best;
  };

  const leaveQueue = (job: Job): boolean => {
    const { home } = job;
    const hasWaited = home.queue.remove(job, job.priority);
    if (home.queue.size === 0) waiting.delete(home);
    return hasWaited;
  };

  const startWaiting = (): void => {
    for (;;) {
      // One that needs several threads holds up those behind it, or they would keep it out for ever.
      const first = busy < limitNow ? next((queue) => queue.peek()) : undefined;
      const isDue = first !== undefined && hasThreads(first);
      const beside = isDue || !hasRoomBeside() ? undefined : next((queue) => queue.find(isSingle));
      const job = isDue ? first : beside;
      if (job === undefined) return;
      leaveQueue(job);
      start(job);
    }
  };

  return {
    get limit() {
      return limitNow;
    },
    set limit(threads) {
      limitNow = threads;
      startWaiting();
    },
    get busy() {
      return busy;
    },
    submit(job) {
      job.seq = ++lastSeq;
      if (waiting.size === 0 && hasThreads(job) && isWithinLanes(job)) {
        start(job);
        return 'started';
      }
      const { home } = job;
      home.queue.push(job, job.priority);
      waiting.add(home);
      startWaiting();
      if (home.queue.size <= home.maxQueue) return 'queued';
      // Whoever comes last is refused, unless it has started just now.
      return leaveQueue(job) ? 'saturated' : 'started';
    },
    cancel(job) {
      if (!leaveQueue(job)) return false;
      startWaiting();
      return true;
    },
    release(lane, job) {
      busy -= 1;
      if (!isSingle(job)) busyByMany -= 1;
      lane.busy -= 1;
      startWaiting();
    },
  };
}

function isSingle({ lanes }: Pick<Job, 'lanes'>): boolean {
  return lanes.length === 1;
}

function comesBefore(a: Job, b: Job): boolean {
  return a.priority === b.priority ? a.seq < b.seq : a.priority > b.priority;
}
