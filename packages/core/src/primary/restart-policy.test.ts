import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRestart, nextFailuresInARow } from './restart-policy.js';

const options = {
  intensity: 3,
  periodMs: 1_000,
  minDelayMs: 100,
  maxDelayMs: 1_500,
  onExhausted: 'exit',
} as const;

const delayMs = (failuresInARow: number, random: number): number =>
  decideRestart({ restartsMs: [], failuresInARow }, 0, options, random).delayMs;

describe('the delay of a restart', () => {
  it('is none the first time, then doubles up to the longest, each with jitter', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 5_000].map((failures) => delayMs(failures, 0))).toEqual([
      0, 50, 100, 200, 400, 750, 750, 750,
    ]);
    expect([1, 2, 3, 4, 5, 6].map((failures) => delayMs(failures, 0.999_999))).toEqual([
      0, 100, 200, 400, 800, 1_500,
    ]);
  });
});

describe('the window', () => {
  const decide = (
    restartsMs: readonly number[],
    nowMs: number,
    onExhausted: 'exit' | 'keep-trying' = 'exit',
  ): ReturnType<typeof decideRestart> =>
    decideRestart({ restartsMs, failuresInARow: 1 }, nowMs, { ...options, onExhausted }, 0);

  it('remembers a restart, and forgets those that have left it', () => {
    expect(decide([0, 500], 999).restartsMs).toEqual([0, 500, 999]);
    expect(decide([0, 500], 1_000).restartsMs).toEqual([500, 1_000]);
  });

  it('allows as many as its intensity', () => {
    expect(decide([1, 2], 3)).toMatchObject({ action: 'restart', isCrashLoop: false });
    expect(decide([1, 2, 3], 4)).toMatchObject({ action: 'exit', isCrashLoop: true });
    expect(decide([1, 2, 3], 1_001)).toMatchObject({ action: 'restart', isCrashLoop: false });
  });

  it('that is over-full only slows things down when so asked', () => {
    expect(decide([1, 2, 3], 4, 'keep-trying')).toEqual({
      action: 'restart',
      delayMs: 750,
      isCrashLoop: true,
      restartsMs: [1, 2, 3, 4],
    });
  });

  it('of intensity 0 allows none', () => {
    const none = { ...options, intensity: 0 };
    const history = { restartsMs: [], failuresInARow: 1 };
    expect(decideRestart(history, 0, none, 0).action).toBe('exit');
  });
});

describe('failures in a row', () => {
  it('begin anew after a life longer than the longest delay', () => {
    expect(nextFailuresInARow(0, 10, options)).toBe(1);
    expect(nextFailuresInARow(4, 1_499, options)).toBe(5);
    expect(nextFailuresInARow(4, 1_500, options)).toBe(1);
  });
});

describe('any series of restarts', () => {
  it('stays within the delays and the intensity, and remembers no more than the window', () => {
    const anyOptions = fc.record({
      intensity: fc.nat(5),
      periodMs: fc.integer({ min: 1, max: 1_000 }),
      minDelayMs: fc.nat(100),
      maxDelayMs: fc.integer({ min: 100, max: 5_000 }),
      onExhausted: fc.constantFrom('exit' as const, 'keep-trying' as const),
    });
    const anySeries = fc.array(
      fc.record({
        afterMs: fc.nat(400),
        failures: fc.integer({ min: 1, max: 100 }),
        random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(anyOptions, anySeries, (options, series) => {
        let nowMs = 0;
        let restartsMs: readonly number[] = [];
        const all: number[] = [];
        for (const { afterMs, failures, random } of series) {
          nowMs += afterMs;
          const history = { restartsMs, failuresInARow: failures };
          const decision = decideRestart(history, nowMs, options, random);
          all.push(nowMs);
          const within = all.filter((atMs) => atMs > nowMs - options.periodMs);
          expect(decision.restartsMs).toEqual(within);
          expect(decision.isCrashLoop).toBe(within.length > options.intensity);
          expect(decision.delayMs).toBeGreaterThanOrEqual(0);
          expect(decision.delayMs).toBeLessThanOrEqual(options.maxDelayMs);
          const exits = decision.isCrashLoop && options.onExhausted === 'exit';
          expect(decision.action).toBe(exits ? 'exit' : 'restart');
          ({ restartsMs } = decision);
        }
      }),
    );
  });
});
