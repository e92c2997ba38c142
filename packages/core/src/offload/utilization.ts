// Any process: how much of its threads a process has used since it was last asked.

export interface UtilizationMeter {
  /** The number of busy threads has changed. */
  change(by: 1 | -1, nowMs: number): void;
  /** The share of `threads` that was busy since the last call, 0…1. */
  take(threads: number, nowMs: number): number;
}

export function createUtilizationMeter(startMs: number): UtilizationMeter {
  let busy = 0;
  let busyMs = 0;
  let changedMs = startMs;
  let takenMs = startMs;

  const advance = (nowMs: number): void => {
    busyMs += busy * (nowMs - changedMs);
    changedMs = nowMs;
  };

  return {
    change(by, nowMs) {
      advance(nowMs);
      busy += by;
    },
    take(threads, nowMs) {
      advance(nowMs);
      const capacityMs = threads * (nowMs - takenMs);
      const ratio = capacityMs > 0 ? Math.min(1, busyMs / capacityMs) : 0;
      busyMs = 0;
      takenMs = nowMs;
      return ratio;
    },
  };
}
