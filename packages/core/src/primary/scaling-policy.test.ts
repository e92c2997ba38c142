// How many workers there should be.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideScale, UNSCALED } from './scaling-policy.js';
import type { ScalingOptions, ScalingView } from './scaling-policy.js';

const OPTIONS: ScalingOptions = {
  min: 2,
  max: 5,
  upRatio: 0.7,
  upAfterMs: 10_000,
  downRatio: 0.3,
  downAfterMs: 60_000,
  coolDownMs: 30_000,
};
const VIEW: ScalingView = { workers: 3, utilizationRatio: 0.5, cpuCores: 1, cpuLimitCores: 8 };

interface Change {
  readonly atMs: number;
  readonly workers: number;
}

/** Asks once a second for `forMs`, and does as the policy says. */
function run(
  viewOf: (workers: number, nowMs: number) => Partial<ScalingView>,
  forMs: number,
  { options = OPTIONS, workers: first = VIEW.workers } = {},
): Change[] {
  const changes: Change[] = [];
  let state = UNSCALED;
  let workers = first;
  for (let nowMs = 0; nowMs <= forMs; nowMs += 1_000) {
    const view = { ...VIEW, workers, ...viewOf(workers, nowMs) };
    const decision = decideScale(view, nowMs, state, options);
    ({ state } = decision);
    if (decision.workers === workers) continue;
    ({ workers } = decision);
    changes.push({ atMs: nowMs, workers });
  }
  return changes;
}

describe('scaling', () => {
  it('adds one worker after upAfterMs of load, and the next only after the cool-down', () => {
    expect(run(() => ({ utilizationRatio: 0.9 }), 200_000)).toEqual([
      { atMs: 10_000, workers: 4 },
      { atMs: 40_000, workers: 5 },
    ]);
  });

  it('takes one away after downAfterMs of rest, down to min', () => {
    expect(run(() => ({ utilizationRatio: 0.1 }), 300_000)).toEqual([{ atMs: 60_000, workers: 2 }]);
  });

  it('begins to count anew when the load drops in between', () => {
    const dips = (_: number, nowMs: number): Partial<ScalingView> => ({
      utilizationRatio: nowMs % 10_000 === 9_000 ? 0.69 : 1,
    });
    expect(run(dips, 300_000)).toEqual([]);
  });

  it('leaves everything as it is between the two marks, and on them', () => {
    for (const utilizationRatio of [0.3, 0.5, 0.7]) {
      expect(run(() => ({ utilizationRatio }), 300_000)).toEqual([]);
    }
  });

  it('adds none when the cgroup’s CPU is used up: one more would only share it', () => {
    const busy = { utilizationRatio: 1, cpuLimitCores: 2 };
    expect(run(() => ({ ...busy, cpuCores: 1.95 }), 300_000)).toEqual([]);
    expect(run(() => ({ ...busy, cpuCores: 1.5 }), 15_000)).toEqual([{ atMs: 10_000, workers: 4 }]);
  });

  it('keeps a worker whose share would be too much for the others', () => {
    const options = { ...OPTIONS, min: 1, downRatio: 0.6 };
    // Two half-busy workers are one worker at its limit.
    expect(run(() => ({ utilizationRatio: 0.5 }), 300_000, { options, workers: 2 })).toEqual([]);
  });

  it.each([
    [1, 2],
    [9, 5],
  ])('goes straight from %i workers into its bounds', (workers, expected) => {
    const decision = decideScale({ ...VIEW, workers }, 5, UNSCALED, OPTIONS);
    expect(decision).toEqual({ workers: expected, state: { ...UNSCALED, changedMs: 5 } });
  });
});

const anyOptions = fc
  .record({
    bounds: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.nat(6)),
    ratios: fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    ),
    upAfterMs: fc.constantFrom(0, 3_000, 10_000),
    downAfterMs: fc.constantFrom(0, 3_000, 60_000),
    coolDownMs: fc.constantFrom(0, 5_000, 30_000),
  })
  .map(
    ({
      bounds: [min, more],
      ratios: [one, other],
      upAfterMs,
      downAfterMs,
      coolDownMs,
    }): ScalingOptions => ({
      upAfterMs,
      downAfterMs,
      coolDownMs,
      min,
      max: min + more,
      upRatio: Math.max(one, other),
      downRatio: Math.min(one, other),
    }),
  );

const anyRatios = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  minLength: 1,
  maxLength: 120,
});

describe('scaling, whatever the load', () => {
  it('stays within min and max, one step at a time, with the cool-down between steps', () => {
    fc.assert(
      fc.property(anyOptions, anyRatios, fc.nat(12), (options, ratios, first) => {
        const changes = run(
          (_, nowMs) => ({ utilizationRatio: ratios[nowMs / 1_000] ?? 0 }),
          (ratios.length - 1) * 1_000,
          { options, workers: first },
        );
        let lastMs = -Infinity;
        let last = Math.min(Math.max(first, options.min), options.max);
        const isOutside = last !== first;
        for (const [index, { atMs, workers }] of changes.entries()) {
          expect(workers).toBeGreaterThanOrEqual(options.min);
          expect(workers).toBeLessThanOrEqual(options.max);
          if (index === 0 && isOutside) {
            expect(workers).toBe(last);
          } else {
            expect(Math.abs(workers - last)).toBe(1);
            expect(atMs - lastMs).toBeGreaterThanOrEqual(options.coolDownMs);
          }
          lastMs = atMs;
          last = workers;
        }
      }),
    );
  });

  it('never adds a worker at once after one moment of load, nor takes one away after one of rest', () => {
    fc.assert(
      fc.property(anyRatios, (ratios) => {
        const ratioAt = (ms: number): number => ratios[ms / 1_000] ?? 0;
        const changes = run(
          (_, nowMs) => ({ utilizationRatio: ratioAt(nowMs) }),
          (ratios.length - 1) * 1_000,
          { options: { ...OPTIONS, upAfterMs: 3_000, downAfterMs: 5_000, coolDownMs: 0 } },
        );
        let last = VIEW.workers;
        for (const { atMs, workers } of changes) {
          const sinceMs = workers > last ? 3_000 : 5_000;
          for (let ms = atMs - sinceMs; ms <= atMs; ms += 1_000) {
            if (workers > last) expect(ratioAt(ms)).toBeGreaterThan(OPTIONS.upRatio);
            else expect(ratioAt(ms)).toBeLessThan(OPTIONS.downRatio);
          }
          last = workers;
        }
      }),
    );
  });

  it('does not flap: under any constant load it goes one way, and comes to rest', () => {
    const load = fc.double({ min: 0, max: 6, noNaN: true });
    fc.assert(
      fc.property(anyOptions, load, fc.integer({ min: 1, max: 6 }), (options, loadCores, first) => {
        const changes = run(
          (workers) => ({
            utilizationRatio: Math.min(1, loadCores / workers),
            cpuCores: loadCores,
          }),
          1_200_000,
          { options, workers: Math.min(Math.max(first, options.min), options.max) },
        );
        const directions = new Set(
          changes.map(({ workers }, index) =>
            Math.sign(workers - (changes[index - 1]?.workers ?? first)),
          ),
        );
        directions.delete(0);
        expect(directions.size).toBeLessThanOrEqual(1);
        expect(changes.length).toBeLessThanOrEqual(options.max - options.min);
      }),
    );
  });
});
