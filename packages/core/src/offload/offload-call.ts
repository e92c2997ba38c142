// Any process: one call of a task function, or several that run together, from the queue to its end.
import {
  offloadAborted,
  offloadQueueTimeout,
  offloadRunTimeout,
  offloadSaturated,
} from '../offload-errors.js';
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

export interface Call extends ThreadTask {
  readonly lane: Lane;
  readonly progress: 'waits' | 'runs' | 'ended';
  /** May run: asks for a thread. */
  start(): void;
  /** Ends it, wherever it is; without effect once it has ended. */
  cancel(error: CorralError, how: CallEnd, why: ThreadTermination): void;
}

type CallState =
  | { readonly name: 'queued' }
  /** The scheduler lets it run; it waits for its thread to start. */
  | { readonly name: 'starting' }
  | { readonly name: 'running'; readonly run: ThreadRun; readonly startMs: number }
  | { readonly name: 'ended' };

const QUEUED: CallState = { name: 'queued' };
const STARTING: CallState = { name: 'starting' };
const ENDED: CallState = { name: 'ended' };

export interface CallParts {
  /** As in errors: `tasks.hash()`. */
  readonly label: string;
  readonly context: CallContext;
  readonly thread: ThreadCall;
  readonly options: Pick<ResolvedCallOptions, 'timeoutMs' | 'transfer'>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** @param onProgress called when it begins to run, and when it has ended. */
function createCall(parts: CallParts, onProgress: () => void): Call {
  const { label, context, thread, options } = parts;
  const { scheduler, utilization, lane, threads, statistics } = context;
  const { timeoutMs } = options;
  const submittedMs = performance.now();
  let state: CallState = QUEUED;
  let deadline: NodeJS.Timeout | undefined;

  /** @param how counted */
  const end = (how: CallEnd): void => {
    if (state.name === 'running') {
      const nowMs = performance.now();
      statistics.ran(nowMs - state.startMs);
      utilization.change(-1, nowMs);
      clearTimeout(deadline);
    }
    const hadSlot = state.name !== 'queued';
    state = ENDED;
    statistics.ended(how);
    onProgress();
    if (!hadSlot) return;
    threads.freed();
    scheduler.release(lane);
  };

  const fulfilled = (value: unknown): void => {
    if (state === ENDED) return;
    end('completed');
    parts.resolve(value);
  };
  const rejected = (rejection: unknown): void => {
    if (state === ENDED) return;
    const { error, how } = translateRejection(rejection, label, thread, options.transfer);
    if (how === 'crashed') statistics.terminated('crashed');
    end(how);
    parts.reject(error);
  };

  const call: Call = {
    lane,
    get progress() {
      if (state.name === 'running') return 'runs';
      return state === ENDED ? 'ended' : 'waits';
    },
    start() {
      state = STARTING;
      threads.start(call);
    },
    run(pool: ThreadPool) {
      const run = pool.run(thread, options.transfer);
      const startMs = performance.now();
      state = { name: 'running', run, startMs };
      statistics.waited(startMs - submittedMs);
      utilization.change(1, startMs);
      if (timeoutMs !== Infinity) {
        deadline = setTimeout(
          () => call.cancel(offloadRunTimeout(label, timeoutMs), 'timedOut', 'timeout'),
          timeoutMs,
        );
      }
      run.result.then(fulfilled, rejected);
      onProgress();
    },
    failToStart: rejected,
    cancel(error, how, why) {
      if (state === ENDED) return;
      if (state.name === 'running') {
        state.run.terminate();
        statistics.terminated(why);
      } else if (state.name === 'starting') {
        threads.forget(call);
      }
      end(how);
      parts.reject(error);
    },
  };
  return call;
}

/**
 * Makes calls that have to run at the same time, as a rule one, and queues them under one deadline and
 * signal, in the module of the first.
 */
export function submitCalls(
  parts: readonly [CallParts, ...CallParts[]],
  { priority, queueTimeoutMs, signal }: ResolvedCallOptions,
): void {
  const calls = parts.map((each) => createCall(each, onProgress));
  const [{ context, label }] = parts;
  const { scheduler, lane, lanes, statistics } = context;
  const job: Job = {
    lanes: calls.length === 1 ? lanes : calls.map((call) => call.lane),
    home: lane,
    priority,
    seq: 0,
    start() {
      for (const call of calls) call.start();
    },
  };
  let queueDeadline: NodeJS.Timeout | undefined;

  // All or none: calls that were to run together have no use for each other's half.
  const cancel = (error: CorralError, how: CallEnd, why: ThreadTermination): void => {
    scheduler.cancel(job);
    for (const call of calls) call.cancel(error, how, why);
  };
  const abort = (): void => cancel(offloadAborted(label, signal?.reason), 'aborted', 'aborted');
  function onProgress(): void {
    if (calls.some(({ progress }) => progress === 'waits')) return;
    clearTimeout(queueDeadline);
    if (calls.every(({ progress }) => progress === 'ended')) {
      signal?.removeEventListener('abort', abort);
    }
  }

  if (signal?.aborted === true) {
    abort();
    return;
  }
  signal?.addEventListener('abort', abort);
  if (scheduler.submit(job) === 'saturated') {
    const waitMs = ((lane.queue.size + 1) * statistics.meanRunMs) / scheduler.limit;
    const retryAfterSeconds = Math.min(60, Math.max(1, Math.ceil(waitMs / 1_000)));
    const error = offloadSaturated(label, { maxQueue: lane.maxQueue, retryAfterSeconds });
    cancel(error, 'saturated', 'aborted');
  } else if (queueTimeoutMs !== Infinity && calls.some(({ progress }) => progress === 'waits')) {
    queueDeadline = setTimeout(() => {
      cancel(offloadQueueTimeout(label, queueTimeoutMs), 'timedOut', 'timeout');
    }, queueTimeoutMs);
  }
}
