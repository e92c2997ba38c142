import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createUtilizationMeter } from './utilization.js';

it('tells the share of the threads that was busy', () => {
  const meter = createUtilizationMeter(0);
  expect(meter.read(2, 0)).toBe(0);
  meter.change(1, 0);
  meter.change(1, 500);
  // One for the first half of it, two for the second.
  expect(meter.read(2, 1_000)).toBe(0.75);
  meter.change(-1, 1_000);
  meter.change(-1, 1_000);
  meter.read(2, 2_000);
  expect(meter.read(2, 3_000)).toBe(0);
});

it('covers the time since it was read before, when that is long ago', () => {
  const meter = createUtilizationMeter(0);
  meter.read(1, 1_000);
  meter.change(1, 31_000);
  expect(meter.read(1, 61_000)).toBe(0.5);
});

it('gives readers that come at the same time the same', () => {
  const meter = createUtilizationMeter(0);
  meter.change(1, 500);
  expect(meter.read(1, 1_000)).toBe(0.5);
  expect(meter.read(1, 1_000)).toBe(0.5);
  meter.change(-1, 1_000);
  // Not: nothing, in the one millisecond since then.
  expect(meter.read(1, 1_001)).toBeCloseTo(0.5, 2);
});

it('is full when more runs than is granted, and empty when nothing is', () => {
  const meter = createUtilizationMeter(0);
  meter.change(1, 0);
  meter.change(1, 0);
  expect(meter.read(1, 1_000)).toBe(1);
  expect(meter.read(0, 2_000)).toBe(0);
});

it('tells every reader what is true since a read of a second ago or more', () => {
  const anyStep = fc.record({
    afterMs: fc.nat(3_000),
    does: fc.constantFrom('begin', 'end', 'read', 'read'),
  });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const meter = createUtilizationMeter(0);
      const changes: Array<{ readonly atMs: number; readonly busy: number }> = [];
      const busyMsSince = (sinceMs: number, nowMs: number): number =>
        changes.reduce((sum, { atMs, busy }, index) => {
          const endMs = changes[index + 1]?.atMs ?? nowMs;
          return sum + busy * Math.max(0, endMs - Math.max(sinceMs, atMs));
        }, 0);
      const readsMs = [0];
      let [nowMs, busy] = [0, 0];
      for (const { afterMs, does } of steps) {
        nowMs += afterMs;
        if (does !== 'read') {
          if (does === 'end' && busy === 0) continue;
          busy += does === 'begin' ? 1 : -1;
          meter.change(does === 'begin' ? 1 : -1, nowMs);
          changes.push({ atMs: nowMs, busy });
          continue;
        }
        const ratio = meter.read(100, nowMs);
        expect(meter.read(100, nowMs)).toBe(ratio);
        // True of the time since one of the reads before, and of at least a second once there is one.
        const since = readsMs.filter(
          (atMs) => Math.abs(busyMsSince(atMs, nowMs) / (100 * (nowMs - atMs)) - ratio) < 1e-9,
        );
        if (nowMs > 0) expect(since).not.toEqual([]);
        if (nowMs >= 1_000) expect(since.some((atMs) => nowMs - atMs >= 1_000)).toBe(true);
        readsMs.push(nowMs);
      }
    }),
  );
});
