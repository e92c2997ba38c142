import { describe, expect, it } from 'vitest';
import { isOverloaded } from './load-shedding.js';

const limits = {
  maxEventLoopDelayMs: 100,
  maxEventLoopUtilizationRatio: 0.9,
  retryAfterSeconds: 1,
};

describe('isOverloaded', () => {
  it.each([
    ['an idle process', 0, 0, false],
    ['one at its limits', 100, 0.9, false],
    ['a late event loop', 100.5, 0.1, true],
    ['a busy event loop', 0, 0.95, true],
  ])('%s', (_what, eventLoopDelayMeanMs, eventLoopUtilizationRatio, expected) => {
    expect(isOverloaded({ eventLoopDelayMeanMs, eventLoopUtilizationRatio }, limits)).toBe(
      expected,
    );
  });

  it('ignores a limit that is off', () => {
    const sample = { eventLoopDelayMeanMs: 10_000, eventLoopUtilizationRatio: 1 };
    const off = { ...limits, maxEventLoopDelayMs: Infinity };
    expect(isOverloaded(sample, { ...off, maxEventLoopUtilizationRatio: Infinity })).toBe(false);
    expect(isOverloaded(sample, off)).toBe(true);
  });
});
