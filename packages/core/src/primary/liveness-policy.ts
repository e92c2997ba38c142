// Primary: decides from a worker's state and silence what is due. Pure.
import type { WorkerState } from './worker-state.js';

/** How much longer the primary waits than a worker's own drain deadline allows. */
export const DRAIN_MARGIN_MS = 2_000;

export interface LivenessView {
  readonly state: WorkerState;
  /** When it last gave a sign of life: a message, or its start. */
  readonly lastSeenMs: number;
  readonly isDebugged: boolean;
}

export interface LivenessLimits {
  readonly bootTimeoutMs: number;
  readonly heartbeatMs: number;
  /** 0: never stalled. */
  readonly stallMs: number;
  readonly stallKillMs: number;
  readonly drainTimeoutMs: number;
}

export type LivenessVerdict =
  | 'fine'
  | 'boot-timeout'
  /** Silent for too long: report and replace. Its own watchdog is usually faster. */
  | 'stalled'
  /** Silent beyond hope. */
  | 'kill-stalled'
  /** Its drain should have ended by itself. */
  | 'kill-overdue';

export function judgeLiveness(
  view: LivenessView,
  nowMs: number,
  limits: LivenessLimits,
): LivenessVerdict {
  const { state } = view;
  const inStateMs = nowMs - state.sinceMs;
  const silentMs = nowMs - view.lastSeenMs;
  const watchesStalls = limits.stallMs > 0 && !view.isDebugged;
  switch (state.name) {
    case 'booting':
      return inStateMs >= limits.bootTimeoutMs ? 'boot-timeout' : 'fine';
    case 'ready':
      return watchesStalls && silentMs > undetectedStallMs(limits) ? 'stalled' : 'fine';
    case 'stalled':
      return watchesStalls && silentMs >= limits.stallKillMs ? 'kill-stalled' : 'fine';
    case 'draining':
      if (inStateMs >= limits.drainTimeoutMs + DRAIN_MARGIN_MS) return 'kill-overdue';
      return watchesStalls && silentMs >= limits.stallKillMs ? 'kill-stalled' : 'fine';
    case 'killed':
    case 'gone':
      return 'fine';
    default:
      return state satisfies never;
  }
}

/**
 * After how much silence a worker counts as stalled although its watchdog has said nothing. A worker
 * may block at any time within its heartbeat interval; the half of `stallMs` on top leaves the watchdog
 * the time to notice and to take the stack, which is what the report is for.
 */
function undetectedStallMs({ stallMs, heartbeatMs }: LivenessLimits): number {
  return 1.5 * stallMs + heartbeatMs;
}
