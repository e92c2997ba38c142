// Any process: how much of its threads a process uses, for any number of readers. Pure.

/** What is told covers at least this long, once there is as much. */
const MEASURED_MS = 1_000;

export interface UtilizationMeter {
  /** The number of busy threads has changed. */
  change(by: 1 | -1, nowMs: number): void;
  /**
   * The share of `threads` that has been busy, 0…1: over the last one to two seconds when it is read
   * all the time, else since it was read before.
   */
  read(threads: number, nowMs: number): number;
}

interface Mark {
  readonly atMs: number;
  /** Time that threads had been busy until then, added up. */
  readonly busyMs: number;
}

export function createUtilizationMeter(startMs: number): UtilizationMeter {
  let busy = 0;
  let now: Mark = { atMs: startMs, busyMs: 0 };
  // Reading starts no new interval before the last one is long enough: readers, of which a cluster can have several,
  // would leave each other intervals of nothing.
  let since = now;
  let next = now;

  const advance = (nowMs: number): void => {
    now = { atMs: nowMs, busyMs: now.busyMs + busy * (nowMs - now.atMs) };
  };

  return {
    change(by, nowMs) {
      advance(nowMs);
      busy += by;
    },
    read(threads, nowMs) {
      advance(nowMs);
      if (nowMs - next.atMs >= MEASURED_MS) {
        since = next;
        next = now;
      }
      const capacityMs = threads * (nowMs - since.atMs);
      return capacityMs > 0 ? Math.min(1, (now.busyMs - since.busyMs) / capacityMs) : 0;
    },
  };
}
