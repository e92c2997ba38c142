import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lastTickMs } from './cron-tick.js';

/** A schedule of whole seconds, which reads the time as cron does: without its fraction. */
function scheduleOf(ticks: readonly number[]): (afterMs: number) => number {
  return (afterMs) => {
    const second = Math.floor(afterMs / 1_000);
    return (ticks.find((tick) => tick > second) ?? Infinity) * 1_000;
  };
}

it('finds the last tick of any schedule, however late it is asked', () => {
  const distances = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1 });
  fc.assert(
    fc.property(distances, fc.nat(100_000_000), (seconds, laterMs) => {
      const ticks = seconds.map((_, index) =>
        seconds.slice(0, index + 1).reduce((sum, each) => sum + each, 1_000_000_000),
      );
      const nowMs = (ticks[0] ?? 0) * 1_000 + laterMs;
      const expected = ticks.findLast((tick) => tick * 1_000 <= nowMs) ?? 0;
      expect(lastTickMs(scheduleOf(ticks), nowMs)).toBe(expected * 1_000);
    }),
  );
});

it('asks a schedule only a few times when a handler is as punctual as usual', () => {
  let asked = 0;
  const everyMinute = (afterMs: number): number => {
    asked += 1;
    return (Math.floor(afterMs / 60_000) + 1) * 60_000;
  };
  expect(lastTickMs(everyMinute, 60_000_003)).toBe(60_000_000);
  expect(asked).toBe(2);
});
