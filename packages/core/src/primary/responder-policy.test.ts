import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseResponder } from './responder-policy.js';
import type { Candidate } from './responder-policy.js';

const ready = (pending: number): Candidate => ({ state: 'ready', pending });

describe('who is asked when any will do', () => {
  it('is nobody without candidates', () => {
    expect(chooseResponder([], -1)).toBeUndefined();
  });

  it('is the least busy', () => {
    expect(chooseResponder([ready(2), ready(0), ready(1)], -1)).toBe(1);
  });

  it('is one that serves, before those that boot, leave or do not respond', () => {
    const candidates: Candidate[] = [
      { state: 'stalled', pending: 0 },
      { state: 'draining', pending: 0 },
      { state: 'booting', pending: 0 },
      ready(100),
    ];
    expect(chooseResponder(candidates, -1)).toBe(3);
    expect(chooseResponder(candidates.slice(0, 3), -1)).toBe(2);
    expect(chooseResponder(candidates.slice(0, 2), -1)).toBe(1);
  });

  it('takes turns among equals', () => {
    const equals = [ready(0), ready(0), ready(0)];
    const chosen: Array<number | undefined> = [];
    let last = -1;
    for (let i = 0; i < 6; i++) chosen.push((last = chooseResponder(equals, last) ?? -1));
    expect(chosen).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('is never one that is busier than another that serves, whoever was last', () => {
    const candidate = fc.record({
      state: fc.constantFrom('ready', 'booting', 'stalled', 'draining') as fc.Arbitrary<'ready'>,
      pending: fc.nat(9),
    });
    fc.assert(
      fc.property(
        fc.array(candidate, { minLength: 1 }),
        fc.integer({ min: -1, max: 20 }),
        (all, last) => {
          const chosen = all[chooseResponder(all, last) ?? -1];
          const serving = all.filter(({ state }) => state === 'ready');
          if (serving.length === 0) expect(chosen).toBeDefined();
          else expect(chosen?.pending).toBe(Math.min(...serving.map(({ pending }) => pending)));
        },
      ),
    );
  });
});
