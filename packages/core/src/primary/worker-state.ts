// Primary: the states of a worker and the only function that moves between them. Pure.
import type { ExitReason } from '../cluster.js';

/** `sinceMs` is when the state was entered, on the monotonic clock. */
export type WorkerState =
  | { readonly name: 'booting'; readonly sinceMs: number }
  | { readonly name: 'ready'; readonly sinceMs: number }
  /** Ready, but its event loop is blocked or it does not run at all. */
  | { readonly name: 'stalled'; readonly sinceMs: number }
  /** On its way out by itself. */
  | { readonly name: 'draining'; readonly sinceMs: number; readonly reason: ExitReason }
  /** We have sent it a SIGKILL. */
  | { readonly name: 'killed'; readonly sinceMs: number; readonly reason: ExitReason }
  | { readonly name: 'gone'; readonly sinceMs: number; readonly reason: ExitReason };

export type WorkerEvent =
  | { readonly type: 'ready' }
  | { readonly type: 'stalled' }
  /** A heartbeat after a stall. */
  | { readonly type: 'recovered' }
  /** It is to leave, or leaves by itself because of an uncaught error. */
  | { readonly type: 'drain'; readonly reason: ExitReason }
  | { readonly type: 'kill'; readonly reason: ExitReason }
  | {
      readonly type: 'exit';
      readonly code: number | null;
      readonly signal: string | null;
      readonly isOomKill: boolean;
    };

/** What does not apply in a state leaves it as it is. Once it is known why a worker leaves, that stays. */
export function transition(state: WorkerState, event: WorkerEvent, nowMs: number): WorkerState {
  switch (event.type) {
    case 'ready':
      return state.name === 'booting' ? { name: 'ready', sinceMs: nowMs } : state;
    case 'stalled':
      return state.name === 'ready' ? { name: 'stalled', sinceMs: nowMs } : state;
    case 'recovered':
      return state.name === 'stalled' ? { name: 'ready', sinceMs: nowMs } : state;
    case 'drain':
      return isLeaving(state) ? state : { name: 'draining', sinceMs: nowMs, reason: event.reason };
    case 'kill':
      if (state.name === 'killed' || state.name === 'gone') return state;
      return { name: 'killed', sinceMs: nowMs, reason: leaveReason(state) ?? event.reason };
    case 'exit':
      return state.name === 'gone'
        ? state
        : { name: 'gone', sinceMs: nowMs, reason: leaveReason(state) ?? exitReason(state, event) };
    default:
      return event satisfies never;
  }
}

function isLeaving(state: WorkerState): boolean {
  return leaveReason(state) !== undefined;
}

function leaveReason(state: WorkerState): ExitReason | undefined {
  return 'reason' in state ? state.reason : undefined;
}

/** The signals that a process earns by its own doing. */
const FATAL_SIGNALS: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
]);

/** Why a process ended that nobody had asked to. */
function exitReason(state: WorkerState, exit: Extract<WorkerEvent, { type: 'exit' }>): ExitReason {
  if (exit.isOomKill) return 'oom-killed';
  if (state.name === 'booting') return 'boot-failed';
  if (exit.signal !== null) return FATAL_SIGNALS.has(exit.signal) ? 'crashed' : 'killed';
  return exit.code === 0 ? 'exited' : 'crashed';
}
