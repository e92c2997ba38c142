import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { WorkerStatus } from '../cluster.js';
import { createOffloadStatistics } from '../offload/offload-statistics.js';
import type { OffloadStatus } from '../offload/offload.js';
import { createMetricsAggregator } from './metrics-aggregator.js';
import type { MetricsAggregator } from './metrics-aggregator.js';

/** A worker that has counted to `n` with everything. */
function workerOf(workerId: number, n: number): WorkerStatus {
  return {
    workerId,
    pid: 1,
    generation: 1,
    state: 'ready',
    uptimeMs: 1,
    rssBytes: 1,
    heapUsedBytes: 1,
    cpuRatio: 0,
    eventLoopUtilizationRatio: 0,
    eventLoopDelayP99Ms: 0,
    connections: n,
    requests: n,
    messages: { waiting: n, dropped: n, malformed: n },
    ...(n === 0 ? {} : { offload: offloadOf(n) }),
  };
}

function offloadOf(n: number): OffloadStatus {
  const statistics = createOffloadStatistics();
  for (let i = 0; i < n; i += 1) {
    statistics.ended('completed');
    statistics.terminated('timeout');
    statistics.ran(1);
  }
  const gauges = { threads: 1, running: 1, queued: 1, maxQueue: 8 };
  const modules = [{ name: 'tasks', ...gauges, ...statistics.snapshot() }];
  return { grantedThreads: 1, utilizationRatio: 1, modules };
}

const offloadIn = (
  totals: MetricsAggregator,
  workers: readonly WorkerStatus[],
): OffloadStatus | undefined => totals.offload(workers.map(({ offload }) => offload));

it('has nothing when there was nobody', () => {
  const totals = createMetricsAggregator();
  expect(totals.requests([])).toBe(0);
  expect(totals.seats([])).toEqual([]);
  expect(totals.offload([undefined])).toBeUndefined();
});

it('keeps what a worker has counted when another has its number, or nobody', () => {
  const totals = createMetricsAggregator();
  totals.gone(workerOf(2, 5));
  const next = workerOf(2, 3);
  const seat = { workerId: 2, requests: 8, messagesDropped: 8, messagesMalformed: 8 };
  expect(totals.requests([next, workerOf(1, 1)])).toBe(9);
  expect(totals.seats([next, workerOf(1, 0)])).toEqual([
    { workerId: 1, requests: 0, messagesDropped: 0, messagesMalformed: 0 },
    seat,
  ]);
  totals.gone(next);
  expect(totals.seats([])).toEqual([seat]);
});

it('does not take threads that are gone for ones that are there', () => {
  const totals = createMetricsAggregator();
  totals.gone(workerOf(1, 5));
  const here = workerOf(1, 1);
  expect(offloadIn(totals, [here])).toMatchObject({
    grantedThreads: 1,
    utilizationRatio: 1,
    modules: [
      { threads: 1, running: 1, queued: 1, maxQueue: 8, completed: 6, run: { count: 6, sumMs: 6 } },
    ],
  });
  // What was counted is there also when nobody offloads any more.
  expect(offloadIn(totals, [])).toMatchObject({
    grantedThreads: 0,
    utilizationRatio: 0,
    modules: [{ threads: 0, running: 0, queued: 0, maxQueue: 0, completed: 5 }],
  });
});

it('never falls, and loses nothing, whatever workers come, count and go', () => {
  const anyStep = fc.record({
    does: fc.constantFrom('start', 'count', 'count', 'end'),
    workerId: fc.integer({ min: 1, max: 3 }),
    // In a reload two have the same number.
    which: fc.nat(5),
  });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      const totals = createMetricsAggregator();
      const running: Array<{ readonly workerId: number; n: number }> = [];
      const counted = [0, 0, 0];
      let before: readonly number[] = [];
      for (const { does, workerId, which } of steps) {
        const one = running[which % running.length];
        if (does === 'start' || one === undefined) {
          running.push({ workerId, n: 0 });
        } else if (does === 'count') {
          one.n += 1;
          counted[one.workerId - 1]! += 1;
        } else {
          running.splice(running.indexOf(one), 1);
          totals.gone(workerOf(one.workerId, one.n));
        }
        const workers = running.map((each) => workerOf(each.workerId, each.n));
        const all = counted.reduce((sum, each) => sum + each, 0);
        expect(totals.requests(workers)).toBe(all);
        const [tasks] = offloadIn(totals, workers)?.modules ?? [];
        const ofTasks = [tasks?.completed, tasks?.terminations.timeout, tasks?.run.count];
        expect(ofTasks.map((each) => each ?? 0)).toEqual([all, all, all]);
        const seats = totals.seats(workers);
        for (const seat of seats) expect(seat.requests).toBe(counted[seat.workerId - 1]);
        // No number that there was leaves.
        expect(seats.map((seat) => seat.workerId)).toEqual(expect.arrayContaining([...before]));
        before = seats.map((seat) => seat.workerId);
      }
    }),
  );
});
