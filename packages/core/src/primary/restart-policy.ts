// Primary: decides whether and when a lost worker is started again. Pure.
import type { RestartOptions } from '../bootstrap-options.js';

export interface RestartHistory {
  /** When workers were restarted, over all seats, newest last. */
  readonly restartsMs: readonly number[];
  /** How often this worker has been lost without a stable time between; 1 the first time. */
  readonly failuresInARow: number;
}

export interface RestartDecision {
  readonly action: 'restart' | 'exit';
  readonly delayMs: number;
  /** Whether the window is over-full; with `'keep-trying'` it only slows things down. */
  readonly isCrashLoop: boolean;
  /** `history.restartsMs` without what has left the window, and with this restart. */
  readonly restartsMs: readonly number[];
}

/**
 * Exponential back-off with jitter inside a sliding window, as OTP's restart intensity.
 *
 * @param random 0 ≤ x < 1; a delay is between half and all of its back-off step.
 */
export function decideRestart(
  history: RestartHistory,
  nowMs: number,
  options: Required<RestartOptions>,
  random: number,
): RestartDecision {
  const windowStartMs = nowMs - options.periodMs;
  const restartsMs = [...history.restartsMs.filter((atMs) => atMs > windowStartMs), nowMs];
  const isCrashLoop = restartsMs.length > options.intensity;
  if (isCrashLoop && options.onExhausted === 'exit') {
    return { action: 'exit', delayMs: 0, isCrashLoop, restartsMs };
  }
  const stepMs = isCrashLoop ? options.maxDelayMs : backOffMs(history.failuresInARow, options);
  return {
    action: 'restart',
    delayMs: Math.round(stepMs * (0.5 + random / 2)),
    isCrashLoop,
    restartsMs,
  };
}

function backOffMs(
  failuresInARow: number,
  { minDelayMs, maxDelayMs }: Required<RestartOptions>,
): number {
  // The first replacement starts at once.
  if (failuresInARow <= 1) return 0;
  return Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(failuresInARow - 2, 30));
}

/** A worker that has lived longer than the longest delay counts as stable: the back-off starts anew. */
export function nextFailuresInARow(
  failuresInARow: number,
  uptimeMs: number,
  options: Pick<Required<RestartOptions>, 'maxDelayMs'>,
): number {
  return uptimeMs >= options.maxDelayMs ? 1 : failuresInARow + 1;
}
