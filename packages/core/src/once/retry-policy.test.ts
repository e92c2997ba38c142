import { describe, expect, it } from 'vitest';
import { attemptDelayMs, countFailures, pollDelayMs, retryDelayMs } from './retry-policy.js';

describe('the retry policy', () => {
  it('waits twice as long after each failure, up to a minute', () => {
    expect([1, 2, 3, 7, 100].map((failures) => retryDelayMs(failures, 1))).toEqual([
      1_000, 2_000, 4_000, 60_000, 60_000,
    ]);
    expect(retryDelayMs(1, 0)).toBe(500);
  });

  it('begins anew after a minute of work', () => {
    expect(countFailures(5, 59_999)).toBe(6);
    expect(countFailures(5, 60_000)).toBe(1);
  });

  it('asks for a lease that is held a few times in its life, and at least about every second', () => {
    expect(pollDelayMs(100, 0.5)).toBe(20);
    expect(pollDelayMs(60_000, 0)).toBe(750);
    expect(pollDelayMs(60_000, 1)).toBe(1_250);
  });

  it('asks soon for one that is held for a moment, and more rarely after a while', () => {
    expect([0, 1, 2, 10].map((attempts) => attemptDelayMs(attempts, 1))).toEqual([10, 20, 40, 250]);
  });
});
