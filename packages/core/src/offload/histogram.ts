// Any process: durations in fixed buckets, so that those of several processes can be added up.
import type { DurationHistogram } from './offload.js';

/** From what a thread's round trip takes to the longest deadlines in use. */
const BOUNDS_MS: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
];
const BOUNDS = BOUNDS_MS.join();

export interface HistogramRecorder {
  readonly meanMs: number;
  record(durationMs: number): void;
  snapshot(): DurationHistogram;
}

export function createHistogram(): HistogramRecorder {
  const counts = Array.from({ length: BOUNDS_MS.length + 1 }, () => 0);
  let count = 0;
  let sumMs = 0;
  let maxMs = 0;
  return {
    get meanMs() {
      return count === 0 ? 0 : sumMs / count;
    },
    record(durationMs) {
      let bucket = 0;
      while (durationMs > (BOUNDS_MS[bucket] ?? Infinity)) bucket += 1;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      count += 1;
      sumMs += durationMs;
      if (durationMs > maxMs) maxMs = durationMs;
    },
    snapshot: () => describe(counts, count, sumMs, maxMs),
  };
}

/** Adds histograms of the same buckets up; those of another release, with other buckets, are left out. */
export function mergeHistograms(histograms: readonly DurationHistogram[]): DurationHistogram {
  const counts = Array.from({ length: BOUNDS_MS.length + 1 }, () => 0);
  let [count, sumMs, maxMs] = [0, 0, 0];
  for (const each of histograms) {
    if (each.boundsMs.join() !== BOUNDS) continue;
    for (const [bucket, add] of each.counts.entries()) counts[bucket] = (counts[bucket] ?? 0) + add;
    count += each.count;
    sumMs += each.sumMs;
    maxMs = Math.max(maxMs, each.maxMs);
  }
  return describe(counts, count, sumMs, maxMs);
}

function describe(
  counts: readonly number[],
  count: number,
  sumMs: number,
  maxMs: number,
): DurationHistogram {
  const percentileMs = (ratio: number): number => {
    let below = 0;
    const bucket = counts.findIndex((inBucket) => (below += inBucket) >= ratio * count);
    return count === 0 ? 0 : Math.min(BOUNDS_MS[bucket] ?? maxMs, maxMs);
  };
  return {
    boundsMs: BOUNDS_MS,
    counts: [...counts],
    count,
    sumMs,
    maxMs,
    p50Ms: percentileMs(0.5),
    p99Ms: percentileMs(0.99),
  };
}
