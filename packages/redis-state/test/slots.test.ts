// Process tests: a slot of a Redis Cluster moves to another master under load, and the two stop answering on the way.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { moveSlot, startRedisCluster, waitFor } from '@corral/test-kit';
import type { RedisCluster, RedisServer } from '@corral/test-kit';
import { start } from './support.js';

/** Its slot is one of the second master's. */
const TAG = 'c';
const timeoutMs = 500;
/** Where nothing is to fail, on a busy machine either. */
const longTimeoutMs = 10_000;
/** What a busy machine may add to a deadline. */
const toleranceMs = 1_500;

/** What has come of a way to use the state. */
interface Counts {
  readonly done: number;
  readonly doubtful: number;
  readonly refused: number;
}

interface Ended {
  readonly counts: Readonly<Record<string, Counts>>;
  readonly errors: readonly string[];
  readonly longestMs: number;
  /** What has been counted with `increment`. */
  readonly count: number;
  /** And with `compareAndSet`. */
  readonly version: number;
}

interface SlotLoad {
  /** Resolves when some or every way has come to this a few times more. */
  until(quantity: 'some' | 'every', outcome: keyof Counts): Promise<void>;
  end(): Promise<Ended>;
}

let cluster: RedisCluster;
let slot: number;
let second: RedisServer;
let third: RedisServer;

beforeAll(async () => {
  cluster = await startRedisCluster();
  // The two that have no replica, so that nobody takes over from them.
  [, second, third] = cluster.masters as [RedisServer, RedisServer, RedisServer];
  slot = Number(await second.call('CLUSTER', 'KEYSLOT', TAG));
});

afterAll(async () => {
  await cluster.close();
});

/** @param options for its store, with a prefix of its own for each test */
function startLoad(
  context: TestContext,
  options: { readonly prefix: string; readonly timeoutMs: number },
): SlotLoad {
  const fixture = start(context, 'slot-load.mjs', {
    tag: TAG,
    cluster: cluster.nodes,
    ...options,
  });
  let lastId = 0;
  return {
    async until(quantity, outcome) {
      lastId += 1;
      const id = lastId;
      fixture.send({ call: 'until', id, quantity, outcome });
      await fixture.nextEvent('reached', (each) => each['id'] === id);
    },
    async end() {
      fixture.send({ call: 'end' });
      const ended = await fixture.nextEvent('ended');
      expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
      return ended as unknown as Ended;
    },
  };
}

test('a slot moves to another master and back: nothing fails, is lost, or done twice', async (context) => {
  const load = startLoad(context, { prefix: 'moves', timeoutMs: longTimeoutMs });
  await load.until('every', 'done');
  const between = async (): Promise<void> => await load.until('every', 'done');
  await moveSlot(cluster, { slot, from: second, to: third }, between);
  await moveSlot(cluster, { slot, from: third, to: second }, between);

  const { counts, errors, count, version } = await load.end();
  expect(errors).toEqual([]);
  expect(count).toBe(counts['increment']?.done);
  expect(version).toBe(counts['compareAndSet']?.done);
});

test('a slot is on its way, and first one and then the other master stops: errors in time, nothing done twice, recovery', async (context) => {
  const load = startLoad(context, { prefix: 'stops', timeoutMs });
  await load.until('every', 'done');
  let steps = 0;
  await moveSlot(cluster, { slot, from: second, to: third }, async () => {
    await load.until('every', 'done');
    steps += 1;
    // Some keys are at one of them now, and some at the other.
    if (steps !== 3) return;
    third.pause();
    await load.until('some', 'doubtful');
    third.resume();
    await load.until('every', 'done');
    second.pause();
    await load.until('some', 'doubtful');
    // Now the others refuse everything: not all of the cluster's slots are served.
    await waitFor(
      async () => String(await third.call('CLUSTER', 'INFO')).includes('cluster_state:fail'),
      { what: () => 'the cluster to be down' },
    );
    second.resume();
    await load.until('every', 'done');
  });

  const { counts, errors, longestMs, count, version } = await load.end();
  expect(errors.filter((each) => !/^(STATE|SESSION)_UNAVAILABLE/.test(each))).toEqual([]);
  expect(longestMs).toBeLessThan(timeoutMs + toleranceMs);
  for (const [way, value] of [
    ['increment', count],
    ['compareAndSet', version],
  ] as const) {
    const { done = 0, doubtful = 0 } = counts[way] ?? {};
    expect(value).toBeGreaterThanOrEqual(done);
    expect(value).toBeLessThanOrEqual(done + doubtful);
  }
});
