import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHistogram, mergeHistograms } from './histogram.js';
import type { DurationHistogram } from './offload.js';

function histogramOf(durationsMs: readonly number[]): DurationHistogram {
  const histogram = createHistogram();
  for (const each of durationsMs) histogram.record(each);
  return histogram.snapshot();
}

/** The bounds themselves and what is beside them among others. */
const { boundsMs } = histogramOf([]);
const anyDurationMs = fc.oneof(
  fc.double({ min: 0, max: 100_000, noNaN: true }),
  fc.constantFrom(...boundsMs, ...boundsMs.map((bound) => bound + 1e-6)),
);
const anyDurations = fc.array(anyDurationMs, { maxLength: 50 });

describe('a histogram', () => {
  it('has one bucket more than bounds, and the bounds rise', () => {
    const empty = histogramOf([]);
    expect(empty.counts).toHaveLength(boundsMs.length + 1);
    expect(boundsMs).toEqual([...new Set(boundsMs)].sort((a, b) => a - b));
    expect(empty).toMatchObject({ count: 0, sumMs: 0, maxMs: 0, p50Ms: 0, p99Ms: 0 });
    expect(createHistogram().meanMs).toBe(0);
  });

  it('counts a duration in the first bucket that it does not exceed', () => {
    for (const [index, bound] of boundsMs.entries()) {
      expect(histogramOf([bound]).counts.indexOf(1)).toBe(index);
      expect(histogramOf([bound + 1e-6]).counts.indexOf(1)).toBe(index + 1);
    }
    expect(histogramOf([0]).counts[0]).toBe(1);
    expect(histogramOf([1e9]).counts.at(-1)).toBe(1);
  });

  it('estimates percentiles by the bound of their bucket, and never above the longest', () => {
    // 3 falls into the bucket up to 5, 70 into the one up to 100.
    const mostlyShort = histogramOf([...Array.from({ length: 99 }, () => 3), 70]);
    expect(mostlyShort).toMatchObject({ p50Ms: 5, p99Ms: 5, maxMs: 70 });
    expect(histogramOf([3, 70])).toMatchObject({ p50Ms: 5, p99Ms: 70 });
    expect(histogramOf([90_000])).toMatchObject({ p50Ms: 90_000, p99Ms: 90_000 });
  });

  it('does not change a snapshot that it has given', () => {
    const histogram = createHistogram();
    const before = histogram.snapshot();
    histogram.record(1);
    expect(before).toEqual(histogramOf([]));
    expect(histogram.meanMs).toBe(1);
  });

  it('has counted everything exactly once, whatever it was', () => {
    fc.assert(
      fc.property(anyDurations, (durationsMs) => {
        const { counts, count, sumMs, maxMs, p50Ms, p99Ms } = histogramOf(durationsMs);
        expect(count).toBe(durationsMs.length);
        expect(counts.reduce((sum, each) => sum + each, 0)).toBe(count);
        expect(sumMs).toBeCloseTo(
          durationsMs.reduce((sum, each) => sum + each, 0),
          3,
        );
        expect(maxMs).toBe(Math.max(0, ...durationsMs));
        let cumulative = 0;
        for (const [index, bound] of boundsMs.entries()) {
          cumulative += counts[index]!;
          expect(cumulative).toBe(durationsMs.filter((each) => each <= bound).length);
        }
        const sorted = durationsMs.toSorted((a, b) => a - b);
        const atLeast = (ratio: number): number => sorted[Math.ceil(ratio * count) - 1] ?? 0;
        expect(p50Ms).toBeGreaterThanOrEqual(atLeast(0.5));
        expect(p99Ms).toBeGreaterThanOrEqual(atLeast(0.99));
        expect(p50Ms).toBeLessThanOrEqual(p99Ms);
        expect(p99Ms).toBeLessThanOrEqual(maxMs);
      }),
    );
  });
});

describe('merged histograms', () => {
  it('are what one would be that had counted it all', () => {
    fc.assert(
      fc.property(fc.array(anyDurations, { maxLength: 5 }), (all) => {
        const { sumMs, ...merged } = mergeHistograms(all.map(histogramOf));
        const { sumMs: expectedSumMs, ...expected } = histogramOf(all.flat());
        expect(merged).toEqual(expected);
        expect(sumMs).toBeCloseTo(expectedSumMs, 3);
      }),
    );
  });

  it('leave out those with other buckets, also when there are as many', () => {
    const known = histogramOf([1, 2]);
    const shifted = { ...known, boundsMs: boundsMs.map((bound) => bound * 2) };
    const shorter = { ...known, boundsMs: boundsMs.slice(1), counts: known.counts.slice(1) };
    expect(mergeHistograms([shifted, known, shorter])).toEqual(known);
  });
});
