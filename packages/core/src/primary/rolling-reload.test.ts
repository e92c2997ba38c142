import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rollOut } from './rolling-reload.js';
import type { ReplaceOutcome } from './rolling-reload.js';

/** Of the event loop: what can go on without the test has gone on by then. */
async function nextTurn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A rollout whose replacements end when the test says so. */
function begin(
  workerIds: readonly number[],
  concurrency = 1,
): {
  readonly report: ReturnType<typeof rollOut>;
  readonly begun: Array<readonly [number, string]>;
  readonly end: (workerId: number, outcome?: ReplaceOutcome) => Promise<void>;
} {
  const begun: Array<readonly [number, string]> = [];
  const waiting = new Map<number, (outcome: ReplaceOutcome) => void>();
  let nowMs = 0;
  const report = rollOut({
    generation: 2,
    workerIds,
    concurrency,
    nowMs: () => nowMs,
    replace: async (workerId, role) => {
      begun.push([workerId, role]);
      return await new Promise((resolve) => {
        waiting.set(workerId, resolve);
      });
    },
  });
  return {
    report,
    begun,
    async end(workerId, outcome = { ok: true }) {
      nowMs += 10;
      waiting.get(workerId)?.(outcome);
      await nextTurn();
    },
  };
}

describe('a rollout', () => {
  it('begins with one canary, then goes on one by one', async () => {
    const { report, begun, end } = begin([1, 2, 3]);
    expect(begun).toEqual([[1, 'canary']]);
    await end(1);
    expect(begun).toEqual([
      [1, 'canary'],
      [2, 'follower'],
    ]);
    await end(2);
    await end(3);
    expect(await report).toEqual({ generation: 2, replaced: 3, failed: 0, durationMs: 30 });
  });

  it('begins with one canary however many follow at a time', async () => {
    const { report, begun, end } = begin([1, 2, 3, 4], 2);
    expect(begun).toHaveLength(1);
    await end(1);
    expect(begun.map(([workerId]) => workerId)).toEqual([1, 2, 3]);
    await end(3);
    expect(begun.map(([workerId]) => workerId)).toEqual([1, 2, 3, 4]);
    await end(2);
    await end(4);
    expect(await report).toMatchObject({ replaced: 4 });
  });

  it('stops when the canary fails', async () => {
    const error = { name: 'Error', message: 'no' };
    const { report, begun, end } = begin([1, 2, 3], 3);
    await end(1, { ok: false, reason: 'boot-failed', error });
    expect(begun).toHaveLength(1);
    expect(await report).toEqual({
      generation: 2,
      replaced: 0,
      failed: 1,
      reason: 'boot-failed',
      error,
      durationMs: 10,
    });
  });

  it('waits for those on their way when one fails, and tells of the first failure', async () => {
    const { report, begun, end } = begin([1, 2, 3, 4, 5], 2);
    await end(1);
    await end(2, { ok: false, reason: 'boot-timeout' });
    expect(begun).toHaveLength(3);
    await end(3, { ok: false, reason: 'crashed' });
    expect(await report).toEqual({
      generation: 2,
      replaced: 1,
      failed: 2,
      reason: 'boot-timeout',
      durationMs: 30,
    });
    expect(begun).toHaveLength(3);
  });

  it('of nobody has nothing to do', async () => {
    expect(await begin([]).report).toMatchObject({ replaced: 0, failed: 0 });
  });

  it('has a report that nobody can change', async () => {
    expect(Object.isFrozen(await begin([]).report)).toBe(true);
  });

  it('never has more under way than allowed, each worker once, and none after a failure', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(50), { maxLength: 12 }),
        fc.integer({ min: 1, max: 15 }),
        fc.nat(15),
        async (workerIds, concurrency, failing) => {
          const replaced: number[] = [];
          let underWay = 0;
          let most = 0;
          let hasFailed = false;
          const report = await rollOut({
            generation: 1,
            workerIds,
            concurrency,
            nowMs: () => 0,
            replace: async (workerId, role) => {
              expect(hasFailed).toBe(false);
              expect(role).toBe(replaced.length === 0 ? 'canary' : 'follower');
              replaced.push(workerId);
              const isFailing = replaced.length - 1 === failing;
              underWay += 1;
              most = Math.max(most, underWay);
              for (let turn = 0; turn <= workerId % 3; turn++) await nextTurn();
              underWay -= 1;
              if (!isFailing) return { ok: true };
              hasFailed = true;
              return { ok: false, reason: 'crashed' };
            },
          });
          expect(underWay).toBe(0);
          expect(most).toBeLessThanOrEqual(concurrency);
          expect(replaced).toEqual(workerIds.slice(0, replaced.length));
          expect(report.replaced + report.failed).toBe(replaced.length);
          expect(report.failed).toBe(failing < workerIds.length ? 1 : 0);
        },
      ),
    );
  });
});
