// Runner and its client processes: one clock for all of them.

/**
 * Monotonic ms, fractions included. Processes of one machine read the same clock, so that a time taken
 * by a client can be compared with the runner's (`performance.now()` begins anew in every process).
 */
export function nowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}
