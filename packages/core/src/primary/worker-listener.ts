// Primary: what the supervisor hears of a worker. Types only.
import type { ExitReason, StackFrame, WorkerErrorInfo } from '../cluster.js';
import type { AppMessageToPrimary, ListenerRequest, ToPrimary } from '../protocol/messages.js';
import type { WorkerHandle } from './worker-handle.js';

export interface WorkerExit {
  readonly reason: ExitReason;
  readonly code: number | null;
  readonly signal: string | null;
  readonly uptimeMs: number;
  /** It was to leave, and ended before it had drained, though not by its own choice. */
  readonly isCutShort: boolean;
  /** The worker's own error, or why it was ended. */
  readonly error?: WorkerErrorInfo;
  /** Where it could not listen, when that is why it ended. */
  readonly listenAddress?: string;
}

export interface WorkerListener {
  onReady(worker: WorkerHandle): void;
  /** Blocked or frozen; `frames` is empty when its watchdog could not tell. */
  onStalled(worker: WorkerHandle, blockedMs: number, frames: readonly StackFrame[]): void;
  /** The stack of a stall that was reported without one. */
  onStallStack(worker: WorkerHandle, frames: readonly StackFrame[]): void;
  /** Whether the kernel has killed a process of ours for want of memory; each kill counts once. */
  takeOomKill(): boolean;
  onRecovered(worker: WorkerHandle): void;
  /** An uncaught error; the worker drains by itself. */
  onFailing(worker: WorkerHandle, error: WorkerErrorInfo): void;
  /** It has closed its channel, as `process.disconnect()` does; it drains by itself. */
  onDisconnected(worker: WorkerHandle): void;
  /** Somebody sent the worker a SIGTERM. */
  onTerminated(worker: WorkerHandle): void;
  onRequest(worker: WorkerHandle, request: Extract<ToPrimary, { type: 'request' }>): void;
  onListenerRequest(worker: WorkerHandle, request: ListenerRequest): void;
  onAppMessage(worker: WorkerHandle, message: AppMessageToPrimary): void;
  onConfigAnswer(worker: WorkerHandle, answer: Extract<ToPrimary, { type: 'configAnswer' }>): void;
  /** It has sent what bears our name without being one of our messages. */
  onMalformed(worker: WorkerHandle, why: string): void;
  /** It does not read: messages that can be lost are dropped. */
  onNotReading(worker: WorkerHandle): void;
  onReadingAgain(worker: WorkerHandle, dropped: number): void;
  /** @returns why it is no batch of ours */
  onStateBatch(
    worker: WorkerHandle,
    batch: Extract<ToPrimary, { type: 'state' }>,
  ): string | undefined;
  /** Its state has changed, or its number of connections by much. */
  onChange(worker: WorkerHandle): void;
  onExit(worker: WorkerHandle, exit: WorkerExit): void;
}
