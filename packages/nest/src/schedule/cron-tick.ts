// Any process that runs the app: for which tick of its schedule a handler runs. Pure.

/** The first tick after a time, both in ms since 1970; ticks are whole seconds. */
export type NextTick = (afterMs: number) => number;

const SECOND_MS = 1_000;

/**
 * The last tick up to `nowMs`. All processes that ask before the next tick get the same, however late their
 * timers are. Schedules only tell what comes next, so this looks for the time at which that changed to
 * what is to come: first back in ever longer steps, then by halves.
 *
 * @throws what `nextTick` throws for a schedule without ticks
 */
export function lastTickMs(nextTick: NextTick, nowMs: number): number {
  let reachMs = SECOND_MS;
  while (nextTick(nowMs - reachMs) > nowMs) reachMs *= 2;
  let earlyMs = nowMs - reachMs;
  let lateMs = nowMs;
  while (lateMs - earlyMs > SECOND_MS) {
    const middleMs = Math.floor((earlyMs + lateMs) / 2);
    if (nextTick(middleMs) > nowMs) lateMs = middleMs;
    else earlyMs = middleMs;
  }
  return nextTick(earlyMs);
}
