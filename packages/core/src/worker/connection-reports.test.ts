import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createConnectionReports } from './connection-reports.js';

describe('connection reports', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('tells of connections that stay', () => {
    const told: number[] = [];
    const { changed } = createConnectionReports((connections) => void told.push(connections));
    for (let count = 1; count <= 20; count += 1) changed(count);
    vi.advanceTimersByTime(5);
    // The fourth was worth a report, but those after it may be gone again.
    expect(told).toEqual([4]);
    vi.advanceTimersByTime(5);
    expect(told).toEqual([4, 20]);
  });

  it('says nothing of connections that come and go', () => {
    const told: number[] = [];
    const { changed } = createConnectionReports((connections) => void told.push(connections));
    for (let round = 0; round < 100; round += 1) {
      changed(30);
      changed(2);
      vi.advanceTimersByTime(1);
    }
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([]);
  });

  it('counts a change from what a heartbeat has told', () => {
    const told: number[] = [];
    const reports = createConnectionReports((connections) => void told.push(connections));
    reports.told(100);
    reports.changed(97);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([]);
    reports.changed(96);
    vi.advanceTimersByTime(5);
    expect(told).toEqual([96]);
  });

  it('ends within 4 of the truth, whatever happened', () => {
    const step = fc.record({
      connections: fc.integer({ min: 0, max: 1_000 }),
      afterMs: fc.integer({ min: 0, max: 20 }),
      heartbeat: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let known = 0;
        let current = 0;
        const reports = createConnectionReports((connections) => (known = connections));
        for (const { connections, afterMs, heartbeat } of steps) {
          current = connections;
          reports.changed(connections);
          if (heartbeat) {
            known = connections;
            reports.told(connections);
          }
          vi.advanceTimersByTime(afterMs);
        }
        vi.advanceTimersByTime(100);
        expect(Math.abs(known - current)).toBeLessThan(4);
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });
});
