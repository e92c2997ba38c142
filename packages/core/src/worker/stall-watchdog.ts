// Worker: starts the thread that watches this process's event loop, and beats for it.
import inspector from 'node:inspector';
import { Worker } from 'node:worker_threads';

/** What the watchdog thread gets to know. */
export interface WatchdogData {
  /** Slot 0: the beat counter. Slot 1: 1 while a debugger is attached. Slot 2: 1 once stalls count. */
  readonly shared: Int32Array;
  readonly stallMs: number;
  /** How often the counter is raised, and looked at. */
  readonly beatMs: number;
  readonly parentPid: number;
}

export interface StallWatchdog {
  /** From now on stalls are reported; until then the boot timeout has its own say. */
  arm(): void;
}

/**
 * Reports through the stall pipe when the event loop has not turned for `stallMs`, with what it was
 * running, once it is armed; ends the process when that happens after its primary has died, in the
 * boot too.
 */
export function startStallWatchdog(stallMs: number): StallWatchdog {
  const shared = new Int32Array(new SharedArrayBuffer(12));
  // Both threads look this often: together they notice before 1.125 × stallMs.
  const beatMs = Math.max(10, stallMs / 16);
  const beat = setInterval(() => {
    Atomics.add(shared, 0, 1);
    Atomics.store(shared, 1, isDebugged() ? 1 : 0);
  }, beatMs);
  beat.unref();
  const data: WatchdogData = { shared, stallMs, beatMs, parentPid: process.ppid };
  const thread = startThread(data);
  thread?.unref();
  // Without the thread the primary still sees missing heartbeats, only later and without a stack.
  if (thread === undefined) clearInterval(beat);
  thread?.on('error', () => clearInterval(beat));
  return {
    arm() {
      // The boot may have kept the loop from turning until this moment.
      Atomics.add(shared, 0, 1);
      Atomics.store(shared, 2, 1);
    },
  };
}

/** Undefined where threads are not allowed: under `--permission` without `--allow-worker`. */
function startThread(data: WatchdogData): Worker | undefined {
  try {
    return new Worker(new URL('./stall-watchdog-thread.js', import.meta.url), {
      workerData: data,
      // Loaders and preloads of the app have no business in here.
      execArgv: [],
      env: {},
      name: 'corral-stall-watchdog',
    });
  } catch {
    return undefined;
  }
}

/** Whether a debugger may stop this process at any moment. */
export function isDebugged(): boolean {
  return inspector.url() !== undefined;
}
