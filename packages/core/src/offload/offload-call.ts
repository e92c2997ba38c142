// Any process: one call of a task function, or several that run together, from the queue to its end.
// Classes and not factories, for once: a closure for each of their functions, for every call, took a third
// of the time that the way to a thread takes.
import {
  offloadAborted,
  offloadQueueTimeout,
  offloadRunTimeout,
  offloadSaturated,
} from '../offload-errors.js';
import type { Transferable } from 'node:worker_threads';
import type { CorralError } from '../errors.js';
import { translateRejection } from './call-rejection.js';
import type { ThreadTermination } from './offload.js';
import type { ResolvedCallOptions } from './offload-options.js';
import type { CallEnd, OffloadStatistics } from './offload-statistics.js';
import type { Job, Lane, Scheduler } from './scheduler.js';
import type { TaskThreads, ThreadTask } from './task-threads.js';
import type { ThreadCall } from './thread-call.js';
import type { ThreadPool, ThreadRun } from './thread-pool.js';
import type { UtilizationMeter } from './utilization.js';

/** What calls need of their module. */
export interface CallContext {
  readonly scheduler: Scheduler;
  readonly utilization: UtilizationMeter;
  readonly lane: Lane;
  /** Of this module alone, for calls that need no other. */
  readonly lanes: readonly [Lane];
  readonly threads: TaskThreads;
  readonly statistics: OffloadStatistics;
}

export interface CallParts {
  /** As in errors: `tasks.hash()`. */
  readonly label: string;
  readonly context: CallContext;
  readonly thread: ThreadCall;
  /** What of it moves. */
  readonly transfer: readonly Transferable[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type CallState =
  | 'queued'
  /** The scheduler lets it run; it waits for its thread to start. */
  | 'starting'
  | 'running'
  /** The thread has answered and is free; the answer follows. */
  | 'answered'
  | 'ended';

/** One call on one thread. */
class Call implements ThreadTask {
  readonly parts: CallParts;
  readonly options: ResolvedCallOptions;
  readonly #submission: Submission;
  readonly #submittedMs = performance.now();
  #state: CallState = 'queued';
  #startMs = 0;
  #run: ThreadRun | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(parts: CallParts, submission: Submission) {
    this.parts = parts;
    this.options = submission.options;
    this.#submission = submission;
  }

  get isWaiting(): boolean {
    return this.#state === 'queued' || this.#state === 'starting';
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** May run: asks for a thread. */
  start(): void {
    this.#state = 'starting';
    this.parts.context.threads.start(this);
  }

  run(pool: ThreadPool): void {
    const { parts, options } = this;
    const { statistics, utilization } = parts.context;
    this.#startMs = performance.now();
    const run = pool.run(parts.thread, parts.transfer, this);
    this.#run = run;
    this.#state = 'running';
    statistics.waited(this.#startMs - this.#submittedMs);
    utilization.change(1, this.#startMs);
    if (options.timeoutMs !== Infinity) {
      this.#deadline = setTimeout(runTooLong, options.timeoutMs, this);
    }
    run.result.then(
      (value) => this.#fulfilled(value),
      (rejection: unknown) => this.#rejected(rejection),
    );
    this.#submission.progressed();
  }

  failToStart(error: unknown): void {
    this.#giveBackThread();
    this.#rejected(error);
  }

  /** Called as soon as Piscina has the answer, or else with the answer. */
  threadEnded(): void {
    if (this.#state !== 'running') return;
    this.#state = 'answered';
    const endMs = performance.now();
    // The thread's next call goes first: the thread waits for it.
    this.#giveBackThread();
    this.#stopRunning(endMs);
  }

  /** Ends it, wherever it is; without effect once it has an answer. */
  cancel(error: CorralError, how: CallEnd, why: ThreadTermination): void {
    const before = this.#state;
    if (before === 'ended' || before === 'answered') return;
    this.#state = 'ended';
    if (before === 'running') {
      this.#stopRunning(performance.now());
      this.#run?.terminate();
      this.parts.context.statistics.terminated(why);
    } else if (before === 'starting') {
      this.parts.context.threads.forget(this);
    }
    this.#end(how);
    this.parts.reject(error);
    if (before !== 'queued') this.#giveBackThread();
  }

  #fulfilled(value: unknown): void {
    this.threadEnded();
    if (this.#state === 'ended') return;
    this.#end('completed');
    this.parts.resolve(value);
  }

  #rejected(rejection: unknown): void {
    this.threadEnded();
    if (this.#state === 'ended') return;
    const { label, thread, transfer, context, reject } = this.parts;
    const { error, how } = translateRejection(rejection, label, thread, transfer);
    if (how === 'crashed') context.statistics.terminated('crashed');
    this.#end(how);
    reject(error);
  }

  #stopRunning(endMs: number): void {
    const { statistics, utilization } = this.parts.context;
    statistics.ran(endMs - this.#startMs);
    utilization.change(-1, endMs);
    clearTimeout(this.#deadline);
  }

  #giveBackThread(): void {
    const { threads, scheduler, lane } = this.parts.context;
    threads.freed();
    scheduler.release(lane, this.#submission);
  }

  #end(how: CallEnd): void {
    this.#state = 'ended';
    this.parts.context.statistics.ended(how);
    this.#submission.progressed();
  }
}

function runTooLong(call: Call): void {
  const { label } = call.parts;
  call.cancel(offloadRunTimeout(label, call.options.timeoutMs), 'timedOut', 'timeout');
}

/** Calls that have to run at the same time, as a rule one, under one signal and one deadline for waiting. */
class Submission implements Job {
  readonly options: ResolvedCallOptions;
  readonly lanes: readonly Lane[];
  readonly home: Lane;
  readonly priority: number;
  seq = 0;
  readonly #first: CallParts;
  readonly #calls: readonly Call[];
  readonly #abort: (() => void) | undefined;
  #queueDeadline: NodeJS.Timeout | undefined;

  constructor(parts: readonly [CallParts, ...CallParts[]], options: ResolvedCallOptions) {
    const [first] = parts;
    this.options = options;
    this.priority = options.priority;
    this.home = first.context.lane;
    this.lanes = parts.length === 1 ? first.context.lanes : parts.map((each) => each.context.lane);
    this.#first = first;
    this.#calls = parts.map((each) => new Call(each, this));
    const { signal } = options;
    if (signal === undefined) return;
    this.#abort = () => {
      this.#cancel(offloadAborted(first.label, signal.reason), 'aborted', 'aborted');
    };
  }

  submit(): void {
    const { signal, queueTimeoutMs } = this.options;
    if (signal?.aborted === true) {
      this.#abort?.();
      return;
    }
    if (this.#abort !== undefined) signal?.addEventListener('abort', this.#abort);
    const outcome = this.#first.context.scheduler.submit(this);
    if (outcome === 'saturated') {
      this.#cancel(this.#saturated(), 'saturated', 'aborted');
    } else if (queueTimeoutMs !== Infinity && this.#isWaiting) {
      this.#queueDeadline = setTimeout(waitTooLong, queueTimeoutMs, this);
    }
  }

  start(): void {
    for (const call of this.#calls) call.start();
  }

  /** A call runs, or has ended. */
  progressed(): void {
    if (this.#queueDeadline !== undefined && !this.#isWaiting) {
      clearTimeout(this.#queueDeadline);
      this.#queueDeadline = undefined;
    }
    if (this.#abort !== undefined && this.#calls.every(({ hasEnded }) => hasEnded)) {
      this.options.signal?.removeEventListener('abort', this.#abort);
    }
  }

  waitedTooLong(): void {
    const { queueTimeoutMs } = this.options;
    this.#cancel(offloadQueueTimeout(this.#first.label, queueTimeoutMs), 'timedOut', 'timeout');
  }

  get #isWaiting(): boolean {
    return this.#calls.some(({ isWaiting }) => isWaiting);
  }

  /** All or none: calls that were to run together have no use for each other's half. */
  #cancel(error: CorralError, how: CallEnd, why: ThreadTermination): void {
    this.#first.context.scheduler.cancel(this);
    for (const call of this.#calls) call.cancel(error, how, why);
  }

  #saturated(): CorralError {
    const { lane, scheduler, statistics } = this.#first.context;
    const waitMs = ((lane.queue.size + 1) * statistics.meanRunMs) / scheduler.limit;
    const retryAfterSeconds = Math.min(60, Math.max(1, Math.ceil(waitMs / 1_000)));
    return offloadSaturated(this.#first.label, { maxQueue: lane.maxQueue, retryAfterSeconds });
  }
}

function waitTooLong(submission: Submission): void {
  submission.waitedTooLong();
}

/** Queues calls that have to run at the same time, in the module of the first. */
export function submitCalls(
  parts: readonly [CallParts, ...CallParts[]],
  options: ResolvedCallOptions,
): void {
  new Submission(parts, options).submit();
}
