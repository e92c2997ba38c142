import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareThreads, threadsOf } from './thread-budget-policy.js';
import type { ThreadClaimant } from './thread-budget-policy.js';

const staying = (...ids: readonly number[]): ThreadClaimant[] =>
  ids.map((id) => ({ id, isLeaving: false }));
const leaving = (...ids: readonly number[]): ThreadClaimant[] =>
  ids.map((id) => ({ id, isLeaving: true }));
const shares = (budget: number, claimants: readonly ThreadClaimant[]): Record<string, number> =>
  Object.fromEntries(shareThreads(budget, claimants));

describe('the thread budget', () => {
  it('is shared equally, the first ones taking what is left over', () => {
    expect(shares(8, staying(1, 2))).toEqual({ 1: 4, 2: 4 });
    expect(shares(8, staying(1, 2, 3))).toEqual({ 1: 3, 2: 3, 3: 2 });
  });

  it('gives everybody one, if there is too little', () => {
    expect(shares(2, staying(1, 2, 3))).toEqual({ 1: 1, 2: 1, 3: 1 });
  });

  it('leaves those that drain one each', () => {
    expect(shares(8, [...leaving(1, 2), ...staying(3, 4)])).toEqual({ 1: 1, 2: 1, 3: 3, 4: 3 });
  });

  it('is shared among those that drain when nobody stays, as in a shutdown of all', () => {
    expect(shares(8, leaving(1))).toEqual({ 1: 8 });
    expect(shares(8, leaving(1, 2, 3))).toEqual({ 1: 3, 2: 3, 3: 2 });
    expect(shares(2, leaving(1, 2, 3))).toEqual({ 1: 1, 2: 1, 3: 1 });
  });

  it('is the number of whole cores, at least one', () => {
    expect([0.5, 1, 3.9, 64].map(threadsOf)).toEqual([1, 1, 3, 64]);
  });
});

const anyClaimants = fc
  .array(fc.boolean(), { maxLength: 40 })
  .map((flags) => flags.map((isLeaving, id) => ({ id, isLeaving })));
const anyBudget = fc.integer({ min: 1, max: 200 });

describe('the thread budget, whoever claims', () => {
  it('is never exceeded by more than the one thread that everybody needs', () => {
    fc.assert(
      fc.property(anyBudget, anyClaimants, (budget, claimants) => {
        const threads = [...shareThreads(budget, claimants).values()];
        const total = threads.reduce((sum, each) => sum + each, 0);
        expect(Math.min(...threads, 1)).toBe(1);
        expect(total).toBeLessThanOrEqual(Math.max(budget, claimants.length));
        // And is used up, as long as there is anybody.
        if (claimants.length > 0) expect(total).toBe(Math.max(budget, claimants.length));
      }),
    );
  });

  it('treats those that stay alike', () => {
    fc.assert(
      fc.property(anyBudget, anyClaimants, (budget, claimants) => {
        const result = shareThreads(budget, claimants);
        const equal = claimants.filter((each) => !each.isLeaving).map(({ id }) => result.get(id)!);
        expect(Math.max(...equal, 0) - Math.min(...equal, Infinity)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('takes nothing from anybody when it grows', () => {
    fc.assert(
      fc.property(anyBudget, fc.nat(50), anyClaimants, (budget, more, claimants) => {
        const [before, after] = [budget, budget + more].map((each) =>
          shareThreads(each, claimants),
        );
        for (const { id } of claimants) {
          expect(after!.get(id)!).toBeGreaterThanOrEqual(before!.get(id)!);
        }
      }),
    );
  });
});
