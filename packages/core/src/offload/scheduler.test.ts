import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLane, createScheduler } from './scheduler.js';
import type { Job, Lane, Scheduler } from './scheduler.js';

const unlimited = { maxThreads: 1_024, maxQueue: 1_000 };

/** A scheduler whose jobs note in which order they start. */
function setUp(limit: number): {
  readonly scheduler: Scheduler;
  readonly started: string[];
  job(name: string, lanes: readonly [Lane, ...Lane[]], priority?: number): Job;
  /** A job ends, or one of the lanes' threads that it has. */
  release(lane: Lane, of?: Job): void;
} {
  const started: string[] = [];
  const scheduler = createScheduler(limit);
  return {
    scheduler,
    started,
    release: (lane, of) => scheduler.release(lane, of ?? { lanes: [lane] }),
    job: (name, lanes, priority = 0) => ({
      lanes,
      home: lanes[0],
      priority,
      seq: 0,
      start: () => void started.push(name),
    }),
  };
}

describe('a scheduler', () => {
  it('starts no more jobs than there may be threads, and the next when one is released', () => {
    const { scheduler, started, job, release } = setUp(2);
    const lane = createLane(unlimited);
    const outcomes = ['a', 'b', 'c', 'd'].map((name) => scheduler.submit(job(name, [lane])));
    expect(outcomes).toEqual(['started', 'started', 'queued', 'queued']);
    release(lane);
    expect(started).toEqual(['a', 'b', 'c']);
    scheduler.limit = 3;
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    expect(scheduler.busy).toBe(3);
  });

  it('lets a smaller grant take effect as jobs end', () => {
    const { scheduler, started, job, release } = setUp(2);
    const lane = createLane(unlimited);
    for (const name of ['a', 'b', 'c']) scheduler.submit(job(name, [lane]));
    scheduler.limit = 1;
    release(lane);
    expect(started).toEqual(['a', 'b']);
    release(lane);
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('goes by priority, then by age, over all lanes', () => {
    const { scheduler, started, job, release } = setUp(1);
    const [one, two] = [createLane(unlimited), createLane(unlimited)];
    scheduler.submit(job('first', [one]));
    scheduler.submit(job('low', [one], -1));
    scheduler.submit(job('two', [two]));
    scheduler.submit(job('one', [one]));
    scheduler.submit(job('high', [two], 5));
    for (const lane of [one, two, two, one]) release(lane);
    expect(started).toEqual(['first', 'high', 'two', 'one', 'low']);
  });

  it('refuses what its lane has no room for, and forgets what is taken back', () => {
    const { scheduler, started, job, release } = setUp(1);
    const lane = createLane({ maxThreads: 1, maxQueue: 1 });
    const waiting = job('waiting', [lane]);
    expect(scheduler.submit(job('running', [lane]))).toBe('started');
    expect(scheduler.submit(waiting)).toBe('queued');
    expect(scheduler.submit(job('refused', [lane]))).toBe('saturated');
    expect([scheduler.cancel(waiting), scheduler.cancel(waiting)]).toEqual([true, false]);
    expect(scheduler.submit(job('next', [lane]))).toBe('queued');
    release(lane);
    expect(started).toEqual(['running', 'next']);
  });

  it('keeps a lane to its own limit, without holding up the others', () => {
    const { scheduler, started, job } = setUp(3);
    const [narrow, wide] = [createLane({ ...unlimited, maxThreads: 1 }), createLane(unlimited)];
    for (const name of ['n1', 'n2']) scheduler.submit(job(name, [narrow]));
    for (const name of ['w1', 'w2']) scheduler.submit(job(name, [wide]));
    expect(started).toEqual(['n1', 'w1', 'w2']);
  });

  it('lets a job for several threads wait at the head until there are so many', () => {
    const { scheduler, started, job, release } = setUp(2);
    const [one, two] = [createLane(unlimited), createLane(unlimited)];
    for (const name of ['a', 'b']) scheduler.submit(job(name, [one]));
    scheduler.submit(job('pair', [one, two]));
    scheduler.submit(job('behind', [two]));
    release(one);
    expect(started).toEqual(['a', 'b']);
    release(one);
    expect(started).toEqual(['a', 'b', 'pair', 'behind']);
  });

  it('runs a job for more threads than there may be alone', () => {
    const { scheduler, started, job, release } = setUp(1);
    const lane = createLane({ ...unlimited, maxThreads: 1 });
    const pair = job('pair', [lane, lane]);
    scheduler.submit(pair);
    scheduler.submit(job('next', [lane]));
    scheduler.submit(job('other pair', [lane, lane]));
    expect(started).toEqual(['pair']);
    release(lane, pair);
    expect(started).toEqual(['pair']);
    release(lane, pair);
    expect(started).toEqual(['pair', 'next']);
  });

  it.each([1, 2])('lets one job run beside one for several threads that has all %i', (limit) => {
    const { scheduler, started, job, release } = setUp(limit);
    const [one, two] = [createLane(unlimited), createLane(unlimited)];
    const [pair, other] = [job('pair', [one, two]), job('other pair', [one, two])];
    scheduler.submit(pair);
    scheduler.submit(other);
    // Whoever reads what comes out of the first may wait for these, and it for the reader.
    for (const name of ['a', 'b']) scheduler.submit(job(name, [one]));
    expect(started).toEqual(['pair', 'a']);
    release(one);
    expect(started).toEqual(['pair', 'a', 'b']);
    release(one, pair);
    scheduler.submit(job('c', [two]));
    expect(started).toEqual(['pair', 'a', 'b']);
    release(one);
    release(two, pair);
    // 'c' went in between, and nothing else does once the first pair has ended.
    scheduler.submit(job('d', [one]));
    expect(started).toEqual(['pair', 'a', 'b', 'c']);
    release(two);
    expect(started.slice(0, 5)).toEqual(['pair', 'a', 'b', 'c', 'other pair']);
    expect(scheduler.busy).toBe(3);
  });

  it('lets none run beside one for several threads that has all of its own lane', () => {
    const { scheduler, started, job } = setUp(2);
    const narrow = createLane({ ...unlimited, maxThreads: 1 });
    scheduler.submit(job('pair', [narrow, createLane(unlimited)]));
    scheduler.submit(job('same', [narrow]));
    expect(started).toEqual(['pair']);
  });
});

const isSingle = ({ lanes }: Job): boolean => lanes.length === 1;

describe('a scheduler, whatever happens', () => {
  it('exceeds its limit for a job alone, or for a single one, starts each job once, and loses none', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('submit' as const),
        lanes: fc.array(fc.nat(1), { minLength: 1, maxLength: 3 }),
        priority: fc.integer({ min: -1, max: 1 }),
      }),
      fc.record({ do: fc.constant('release' as const), which: fc.nat(20) }),
      fc.record({ do: fc.constant('cancel' as const), which: fc.nat(20) }),
      fc.record({ do: fc.constant('limit' as const), limit: fc.integer({ min: 1, max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const scheduler = createScheduler(2);
        const lanes = [createLane({ maxThreads: 2, maxQueue: 3 }), createLane(unlimited)] as const;
        const waiting = new Set<Job>();
        const running: Job[] = [];
        const release = (job: Job | undefined): void => {
          if (job === undefined) return;
          running.splice(running.indexOf(job), 1);
          for (const lane of job.lanes) scheduler.release(lane, job);
        };
        for (const each of steps) {
          if (each.do === 'submit') {
            const used = each.lanes.map((index) => lanes[index === 0 ? 0 : 1]);
            const job: Job = {
              lanes: used,
              home: used[0]!,
              priority: each.priority,
              seq: 0,
              start() {
                waiting.delete(job);
                running.push(job);
                const isOnlySingle = running.filter(isSingle).every((each) => each === job);
                expect(
                  scheduler.busy <= scheduler.limit ||
                    scheduler.busy === job.lanes.length ||
                    (isSingle(job) && isOnlySingle),
                ).toBe(true);
              },
            };
            waiting.add(job);
            if (scheduler.submit(job) === 'saturated') waiting.delete(job);
          } else if (each.do === 'release') release(running[each.which % (running.length || 1)]);
          else if (each.do === 'limit') scheduler.limit = each.limit;
          else {
            const job = [...waiting][each.which];
            if (job !== undefined) {
              // Taken out first: another one may start in its place.
              waiting.delete(job);
              expect(scheduler.cancel(job)).toBe(true);
            }
          }
          expect(scheduler.busy).toBe(running.flatMap((job) => job.lanes).length);
          // Whoever reads from a job for several threads never waits for ever for one for a single one.
          if (!running.some(isSingle)) {
            const blocked = [...waiting].filter(isSingle);
            expect(blocked.filter(({ home }) => home.busy < home.maxThreads)).toEqual([]);
          }
        }
        while (running.length > 0) release(running[0]);
        expect([waiting.size, scheduler.busy]).toEqual([0, 0]);
      }),
    );
  });
});
