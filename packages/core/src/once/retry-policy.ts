// Any process: when work that has failed begins anew. Pure.

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;
/** Who has worked for so long has not failed to begin. */
const STEADY_MS = 60_000;

/** How many failures in a row there are now. */
export function countFailures(before: number, ranMs: number): number {
  return ranMs >= STEADY_MS ? 1 : before + 1;
}

/**
 * How long this process leaves the work to others, after so many failures in a row: twice as long each
 * time, and never the same in two processes.
 *
 * @param random 0…1
 */
export function retryDelayMs(failures: number, random: number): number {
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS);
  return Math.round(delayMs * (0.5 + random / 2));
}

/** How often to ask for a lease that others hold, when no news of it comes. */
export function pollDelayMs(ttlMs: number, random: number): number {
  return Math.round(Math.min(ttlMs / 5, 1_000) * (0.75 + random / 2));
}

const FIRST_ATTEMPT_DELAY_MS = 10;
const MAX_ATTEMPT_DELAY_MS = 250;

/** How long to wait after a number of attempts at a lease that others hold only for a while. */
export function attemptDelayMs(attempts: number, random: number): number {
  const delayMs = Math.min(FIRST_ATTEMPT_DELAY_MS * 2 ** attempts, MAX_ATTEMPT_DELAY_MS);
  return Math.round(delayMs * (0.5 + random / 2));
}
