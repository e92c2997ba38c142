// Any process: one module whose functions run in threads: its calls, its figures, its end.
import type { Transferable } from 'node:worker_threads';
import { deferred } from '../deferred.js';
import { shuttingDown } from '../errors.js';
import { toError } from './call-rejection.js';
import { submitCalls } from './offload-call.js';
import type { CallContext, CallParts } from './offload-call.js';
import type { OffloadModuleStatus } from './offload.js';
import type { ResolvedCallOptions, ResolvedOffloadOptions } from './offload-options.js';
import { createOffloadStatistics } from './offload-statistics.js';
import { createLane } from './scheduler.js';
import type { Scheduler } from './scheduler.js';
import { createTaskThreads } from './task-threads.js';
import type { ThreadCall } from './thread-call.js';
import type { UtilizationMeter } from './utilization.js';

export interface TaskModule {
  readonly options: ResolvedOffloadOptions;
  call(name: string, args: readonly unknown[], options: ResolvedCallOptions): Promise<unknown>;
  /** @throws {CorralError} `SHUTTING_DOWN` when it takes nothing new */
  refuseWhenClosed(name: string): void;
  /** The parts of a call that is to run together with others, of modules that do not refuse it. */
  prepare(name: string, thread: ThreadCall, transfer: readonly Transferable[]): PreparedCall;
  /**
   * Starts all the threads that the module may use.
   *
   * @throws {CorralError} `OFFLOAD_MODULE_FAILED`; what ends a thread in its start
   */
  warm(): Promise<void>;
  status(): OffloadModuleStatus;
  /** Takes nothing new, lets everything else finish, then ends the threads. */
  close(): Promise<void>;
}

export interface PreparedCall {
  readonly parts: CallParts;
  readonly result: Promise<unknown>;
}

export interface TaskModuleParts {
  readonly moduleUrl: string;
  readonly options: ResolvedOffloadOptions;
  readonly scheduler: Scheduler;
  readonly utilization: UtilizationMeter;
  readonly onIdleError: (error: unknown) => void;
  readonly onClosed: () => void;
}

export function createTaskModule({ options, scheduler, ...parts }: TaskModuleParts): TaskModule {
  const { name: moduleName, idleTimeoutMs, resourceLimits, niceIncrement } = options;
  const lane = createLane({ maxThreads: options.threads, maxQueue: options.maxQueue });
  const statistics = createOffloadStatistics();
  const threads = createTaskThreads(async () => {
    // Piscina is loaded by who offloads, not by everybody.
    const { createThreadPool } = await import('./thread-pool.js');
    const { moduleUrl, onIdleError } = parts;
    return createThreadPool({
      moduleUrl,
      idleTimeoutMs,
      resourceLimits,
      niceIncrement,
      onIdleError,
    });
  });
  const context: CallContext = {
    scheduler,
    utilization: parts.utilization,
    lane,
    lanes: [lane],
    threads,
    statistics,
  };
  const idle = deferred<void>();
  let pending = 0;
  let closed: Promise<void> | undefined;

  const settled = (): void => {
    pending -= 1;
    if (pending === 0 && closed !== undefined) idle.resolve();
  };

  const partsOf = (
    label: string,
    thread: ThreadCall,
    transfer: readonly Transferable[],
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): CallParts => {
    pending += 1;
    return {
      label,
      context,
      thread,
      transfer,
      resolve(value) {
        settled();
        resolve(value);
      },
      reject(error) {
        settled();
        reject(error);
      },
    };
  };

  const labelOf = (name: string): string => `${moduleName}.${name}()`;

  const refuseWhenClosed = (name: string): void => {
    if (closed !== undefined) throw shuttingDown(labelOf(name));
  };

  const finish = async (): Promise<void> => {
    if (pending > 0) await idle.promise;
    await threads.destroy();
    parts.onClosed();
  };

  return {
    options,
    // Returns its promise as it is, here and in the proxy: each promise around it would cost what a tenth
    // of the way to the thread does.
    call(name, args, callOptions) {
      const label = labelOf(name);
      return new Promise((resolve, reject) => {
        refuseWhenClosed(name);
        const thread: ThreadCall = { kind: 'call', name, args };
        submitCalls([partsOf(label, thread, callOptions.transfer, resolve, reject)], callOptions);
      });
    },
    refuseWhenClosed,
    prepare(name, thread, transfer) {
      const { promise, resolve, reject } = deferred<unknown>();
      return { parts: partsOf(labelOf(name), thread, transfer, resolve, reject), result: promise };
    },
    async warm() {
      const failure = await threads.warm(Math.min(scheduler.limit, options.threads));
      if (failure !== undefined) throw toError(failure, moduleName);
    },
    status: () => ({
      name: moduleName,
      threads: threads.size,
      running: lane.busy,
      queued: lane.queue.size,
      maxQueue: lane.maxQueue,
      ...statistics.snapshot(),
    }),
    close() {
      closed ??= finish();
      return closed;
    },
  };
}
