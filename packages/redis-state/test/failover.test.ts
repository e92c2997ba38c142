// Process tests: a Redis Cluster and a group behind Sentinels lose the server that everybody talks to.
import { expect, test } from 'vitest';
import { startRedisCluster, startRedisSentinels, waitFor } from '@corral/test-kit';
import { startStore } from './support.js';
import type { RemoteStore } from './support.js';

/** A server that is stopped is given up after twice that. */
const timeoutMs = 1_000;

async function untilItAnswers(store: RemoteStore): Promise<void> {
  await waitFor(async () => (await store.call('ping')).error === undefined, {
    what: () => 'the store to find the new master',
    timeoutMs: 20_000,
  });
}

test.concurrent('a Redis Cluster: keys on all masters, and the loss of one of them', async (context) => {
  const cluster = await startRedisCluster();
  context.onTestFinished(cluster.close);
  const store = startStore(context, { cluster: cluster.nodes });
  const entries = Array.from({ length: 600 }, (_, index) => [`key-${index}`, index] as const);
  expect((await store.call('setMany', entries)).error).toBeUndefined();
  for (const master of cluster.masters) {
    expect(await master.call('DBSIZE')).toBeGreaterThan(100);
  }
  const keys = entries.map(([key]) => key);
  const values = entries.map(([, value]) => value);
  expect((await store.call('getMany', keys)).value).toEqual(values);
  expect((await store.call('entries')).value).toHaveLength(entries.length);
  expect((await store.call('subscribe', 'news')).error).toBeUndefined();
  // What is lost with a master is what its replica has not heard of.
  await cluster.masters[0]?.call('WAIT', 1, 0);

  const counting = store.call('incrementAlways', 'counter');
  await store.fixture.nextEvent('counted', ({ acknowledged }) => Number(acknowledged) > 100);
  // The first master by name is the one that messages go by; any may be the one of the counter.
  await cluster.masters[0]?.kill();
  await untilItAnswers(store);

  await store.call('stop');
  expect((await counting).error).toBeUndefined();
  expect((await store.call('getMany', keys)).value).toEqual(values);
  expect((await store.call('clear', 'key-')).value).toBe(entries.length);
  await store.fixture.nextEvent('gap');
  await store.call('publish', 'news', 'again');
  expect(await store.fixture.nextEvent('message')).toMatchObject({ message: 'again' });
});

test.concurrent.for(['kill', 'pause'] as const)(
  'a master behind Sentinels is lost: %s',
  async (how, context) => {
    const { master, sentinels, name, close } = await startRedisSentinels();
    context.onTestFinished(close);
    const store = startStore(context, { sentinels, name, timeoutMs });
    const other = startStore(context, { sentinels, name, timeoutMs });
    expect((await store.call('set', 'key', 'value')).error).toBeUndefined();
    expect((await other.call('subscribe', 'news')).error).toBeUndefined();
    await master.call('WAIT', 1, 0);

    await master[how]();
    await Promise.all([untilItAnswers(store), untilItAnswers(other)]);

    expect((await store.call('get', 'key')).value).toBe('value');
    expect((await store.call('increment', 'counter')).value).toMatchObject({ value: 1 });
    await other.fixture.nextEvent('gap');
    await store.call('publish', 'news', 'again');
    expect(await other.fixture.nextEvent('message')).toMatchObject({ message: 'again' });
  },
);
