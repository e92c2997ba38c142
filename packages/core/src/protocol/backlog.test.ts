import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBacklog } from './backlog.js';

describe('a backlog', () => {
  it('gives back what it was given, in order', () => {
    const backlog = createBacklog<{ bytes: number; id: number }>(100);
    for (let id = 0; id < 3; id++) expect(backlog.push({ bytes: 10, id })).toEqual([]);
    expect(backlog.bytes).toBe(30);
    expect([backlog.shift(), backlog.shift(), backlog.shift(), backlog.shift()]).toEqual([
      { bytes: 10, id: 0 },
      { bytes: 10, id: 1 },
      { bytes: 10, id: 2 },
      undefined,
    ]);
  });

  it('keeps one that is larger than the bound, alone', () => {
    const backlog = createBacklog<{ bytes: number }>(100);
    backlog.push({ bytes: 10 });
    expect(backlog.push({ bytes: 200 })).toEqual([{ bytes: 10 }]);
    expect(backlog.length).toBe(1);
    expect(backlog.push({ bytes: 20 })).toEqual([{ bytes: 200 }]);
  });

  it('behaves like a plain list from which the oldest go, whatever comes', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ bytes: fc.integer({ min: 1, max: 40 }) }) },
      { weight: 1, arbitrary: fc.constant('shift' as const) },
      // Enough of them at once, that it makes room below.
      { weight: 1, arbitrary: fc.constant('shift many' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const backlog = createBacklog<{ bytes: number }>(100);
        const model: Array<{ bytes: number }> = [];
        for (const each of steps) {
          if (typeof each === 'string') {
            for (let i = 0; i < (each === 'shift' ? 1 : 5); i++) {
              expect(backlog.shift()).toBe(model.shift());
            }
          } else {
            model.push(each);
            const dropped: unknown[] = [];
            const total = (): number => model.reduce((sum, { bytes }) => sum + bytes, 0);
            while (total() > 100 && model.length > 1) dropped.push(model.shift());
            expect(backlog.push(each)).toEqual(dropped);
            expect(backlog.bytes).toBe(total());
          }
          expect(backlog.length).toBe(model.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('stays fast and small over many', () => {
    const backlog = createBacklog<{ bytes: number; id: number }>(1_000);
    for (let id = 0; id < 200_000; id++) backlog.push({ bytes: 1, id });
    expect(backlog.length).toBe(1_000);
    expect(backlog.shift()?.id).toBe(199_000);
  });
});
