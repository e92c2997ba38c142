// Primary: the port to everything outside the supervisor's own decisions: clock, chance, processes.
// The real one is primary/node-system.ts; unit tests drive the supervisor with a simulated one.
import type { ToPrimary, ToWorker } from './protocol/messages.js';
import type { NativeHandle } from './protocol/native-handle.js';
import type { BacklogFigures } from './protocol/outbox.js';
import type { StallReport } from './protocol/stall-report.js';

export interface System {
  /** Monotonic. */
  nowMs(): number;
  /** 0 ≤ x < 1. */
  random(): number;
  /** Calls back once; returns a function that cancels. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Starts a worker process. Never throws: a start that fails is an exit with `error`. */
  launch(spec: LaunchSpec, observer: WorkerObserver): WorkerProcess;
  /** How many processes the kernel has killed for memory in our cgroup; undefined where it does not say. */
  oomKills(): number | undefined;
}

export interface LaunchSpec {
  readonly workerId: number;
  readonly generation: number;
}

/** A worker's process, as far as the supervisor acts on it. */
export interface WorkerProcess {
  /** 0 when the process could not be started. */
  readonly pid: number;
  /**
   * Posts a message that the worker must have; false when the channel is closed. `onSent`: it has left
   * this process.
   */
  send(message: ToWorker, handle?: NativeHandle, onSent?: () => void): boolean;
  /** Posts a message that can be lost; `onDropped`: it was, because the worker does not read. */
  offer(message: ToWorker, onDropped?: () => void): boolean;
  readonly backlog: BacklogFigures;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** What a worker's process does; called from the event loop, never from within `launch`. */
export interface WorkerObserver {
  onMessage(message: ToPrimary): void;
  /** A message that bears our name without being one of ours. */
  onMalformed(why: string): void;
  /** It does not read what is sent: the first message that can be lost was dropped. */
  onNotReading(): void;
  onReadingAgain(dropped: number): void;
  /** The app said `process.send('ready')`. */
  onSaidReady(): void;
  onStallReport(report: StallReport): void;
  /** It lives, but its channel is closed: nothing can be said to it any more, and it drains by itself. */
  onDisconnect(): void;
  onExit(exit: ProcessExit): void;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why the process could not be started. */
  readonly error?: Error;
}
