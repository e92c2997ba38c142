import { describe, expect, it } from 'vitest';
import { createOffloadHistory, OTHER_MODULES } from './offload-history.js';
import { createOffloadStatistics, mergeByName, mergeOffloadStatus } from './offload-statistics.js';
import type { CallEnd } from './offload-statistics.js';
import type { OffloadModuleStatus, OffloadStatus } from './offload.js';

const ENDS = ['completed', 'failed', 'saturated', 'timedOut', 'aborted', 'crashed'] as const;

/** A module with every figure at `n`, and as many waits of 1 ms and runs of 10 ms. */
function moduleOf(name: string, n: number): OffloadModuleStatus {
  const statistics = createOffloadStatistics();
  for (let i = 0; i < n; i += 1) {
    statistics.waited(1);
    statistics.ran(10);
    for (const how of ENDS) statistics.ended(how);
    for (const why of ['timeout', 'aborted', 'crashed'] as const) statistics.terminated(why);
  }
  return { name, threads: n, running: n, queued: n, maxQueue: n, ...statistics.snapshot() };
}

const statusOf = (
  grantedThreads: number,
  utilizationRatio: number,
  ...modules: OffloadModuleStatus[]
): OffloadStatus => ({ grantedThreads, utilizationRatio, modules });

describe('statistics of calls', () => {
  it('count each end and each termination apart', () => {
    for (const how of ENDS) {
      const statistics = createOffloadStatistics();
      statistics.ended(how);
      const { terminations, wait, run, ...counts } = statistics.snapshot();
      const expected: Record<CallEnd, number> = {
        completed: 0,
        failed: 0,
        saturated: 0,
        timedOut: 0,
        aborted: 0,
        crashed: 0,
        [how]: 1,
      };
      expect(counts).toEqual(expected);
      expect(terminations).toEqual({ timeout: 0, aborted: 0, crashed: 0 });
      expect([wait.count, run.count]).toEqual([0, 0]);
    }
  });

  it('keep waits and runs apart, and know the mean of the runs', () => {
    const statistics = createOffloadStatistics();
    statistics.waited(100);
    statistics.ran(10);
    statistics.ran(30);
    statistics.terminated('aborted');
    expect(statistics.meanRunMs).toBe(20);
    const before = statistics.snapshot();
    expect(before).toMatchObject({
      terminations: { aborted: 1 },
      wait: { count: 1, sumMs: 100 },
      run: { count: 2, sumMs: 40 },
    });
    statistics.terminated('aborted');
    expect(before.terminations.aborted).toBe(1);
  });
});

describe('the figures of several processes', () => {
  it('are added up by the names of modules', () => {
    const [a, b] = [moduleOf('a', 1), moduleOf('b', 2)];
    const merged = mergeOffloadStatus([statusOf(3, 1, a), statusOf(1, 0, b, moduleOf('a', 4))]);
    expect(merged).toMatchObject({ grantedThreads: 4, utilizationRatio: 0.75 });
    expect(merged.modules).toEqual([moduleOf('a', 5), b]);
  });

  it('are nothing of nobody', () => {
    expect(mergeOffloadStatus([])).toEqual(statusOf(0, 0));
    expect(mergeOffloadStatus([statusOf(0, 0.5)])).toEqual(statusOf(0, 0));
  });

  it('have modules of one name in a process as one', () => {
    expect(mergeByName([moduleOf('a', 1), moduleOf('b', 1), moduleOf('a', 2)])).toEqual([
      moduleOf('a', 3),
      moduleOf('b', 1),
    ]);
  });
});

describe('what is kept of modules that are closed', () => {
  const isGone = { threads: 0, running: 0, queued: 0, maxQueue: 0 };

  it('are their counts, without what no longer runs', () => {
    const history = createOffloadHistory();
    history.add([moduleOf('a', 1)]);
    history.add([moduleOf('a', 2), moduleOf('b', 1)]);
    expect(history.modules).toEqual([
      { ...moduleOf('a', 3), ...isGone },
      { ...moduleOf('b', 1), ...isGone },
    ]);
  });

  it('has a bounded number of names, and loses no count beyond it', () => {
    const history = createOffloadHistory();
    for (let i = 0; i < 150; i += 1) history.add([moduleOf(`module ${i}`, 1)]);
    history.add([moduleOf('module 7', 1), moduleOf('module 149', 1)]);
    expect(history.modules).toHaveLength(101);
    const completed = Object.fromEntries(
      history.modules.map((each) => [each.name, each.completed]),
    );
    expect(completed).toMatchObject({ 'module 7': 2, 'module 8': 1, [OTHER_MODULES]: 51 });
  });
});
