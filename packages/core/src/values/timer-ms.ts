// Any process: what Node's timers can wait for.

/** Beyond this, timers fire at once. */
export const MAX_TIMER_MS = 2_147_483_647;

/** For sums of durations each of which is short enough. */
export function timerMs(sumMs: number): number {
  return Math.min(sumMs, MAX_TIMER_MS);
}
