import { setImmediate as nextTurn } from 'node:timers/promises';
import { describeStateStoreContract } from '@corral/test-kit/state-contract';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { linkState } from '../../test/state-link.js';
import { createStateStore } from '../state/create-state-store.js';
import { createMemoryState } from '../state/memory-state.js';
import type { StateStore } from '../state/state-store.js';
import { createStateHost } from './state-host.js';
import type { StateHost } from './state-host.js';

const memories: Array<ReturnType<typeof createMemoryState>> = [];
afterAll(() => {
  for (const memory of memories) memory.close();
});

function createHost(): StateHost {
  const memory = createMemoryState();
  memories.push(memory);
  return createStateHost(memory);
}

const shared = createHost();
describeStateStoreContract('embedded, from a worker and the primary', {
  maxValueBytes: 10_000,
  open() {
    // Workers and the primary take turns.
    isWorker = !isWorker;
    const backend = isWorker ? linkState(shared).backend : shared.open();
    return createStateStore(backend, { maxValueBytes: 10_000 });
  },
});
let isWorker = false;

const ofCode = (code: string): unknown => expect.objectContaining({ code });

describe('a worker’s calls', () => {
  let host: StateHost;
  let link: ReturnType<typeof linkState>;
  let store: StateStore;

  beforeEach(() => {
    host = createHost();
    link = linkState(host);
    store = createStateStore(link.backend);
  });

  it('of one turn travel in one message each way', async () => {
    const calls = Array.from({ length: 100 }, async () => await store.increment('key'));
    await nextTurn();
    calls.push(store.increment('key'));
    expect((await Promise.all(calls)).at(-1)?.value).toBe(101);
    expect([link.batches.length, link.answers.length]).toEqual([2, 2]);
  });

  it('on many keys travel in parts, between which others have their turn', async () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `key-${index}`);
    const isAllThere = async (): Promise<boolean> => {
      const asking = createStateStore(linkState(host).backend);
      return (await asking.has('key-0')) && (await asking.has('key-9999'));
    };
    const partsOf = async <T>(call: Promise<T>): Promise<[result: T, parts: number]> => {
      const before = link.batches.length;
      const result = await call;
      return [result, link.batches.length - before];
    };
    const setting = partsOf(store.setMany(keys.map((key, index) => [key, index])));
    while (!(await createStateStore(host.open()).has('key-0'))) await nextTurn();
    expect(await isAllThere()).toBe(false);
    expect(await setting).toEqual([undefined, 10]);
    expect(await isAllThere()).toBe(true);

    const wanted = ['nothing', ...keys];
    const [found, parts] = await partsOf(store.getMany(wanted));
    expect(parts).toBe(11);
    expect(found).toEqual([undefined, ...keys.keys()]);
    expect(await partsOf(store.deleteMany([...keys.slice(1), 'key-1', 'nothing']))).toEqual([
      9_999, 11,
    ]);
    expect(await store.get('key-0')).toBe(0);
  });

  it('with large values travel in parts, too', async () => {
    const entries = Array.from({ length: 10 }, (_, index) => [`k${index}`, Buffer.alloc(100_000)]);
    await store.setMany(entries as Array<[string, Buffer]>);
    expect(link.batches).toHaveLength(5);
    await store.setMany([
      ['large', Buffer.alloc(900_000)],
      ['small', 1],
    ]);
    expect(link.batches).toHaveLength(7);
    expect(await store.getMany(['k9', 'small'])).toEqual([Buffer.alloc(100_000), 1]);
  });

  it('for a lease, answered too late, leave it to others', async () => {
    const late = linkState(host, { timeoutMs: 50 });
    late.pause();
    const acquiring = createStateStore(late.backend).acquireLease('job', { ttlMs: 60_000 });
    await expect(acquiring).rejects.toEqual(ofCode('STATE_UNAVAILABLE'));
    await vi.waitFor(async () => {
      expect(await store.acquireLease('job', { ttlMs: 60_000 })).toBeDefined();
    });
    await late.backend.close();
  });

  it('fail one by one', async () => {
    await store.set('text', 'a');
    const results = await Promise.allSettled([
      store.get('text'),
      store.increment('text'),
      store.increment('count'),
      store.increment('text'),
      store.has('text'),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(results[1]).toMatchObject({ reason: { code: 'STATE_TYPE_MISMATCH' } });
  });

  it('get large answers in parts, no faster than they are read', async () => {
    const text = 'x'.repeat(900_000);
    const names = Array.from({ length: 14 }, (_, index) => `key-${index}`);
    for (const name of names) await store.set(name, text);
    link.pause();
    const before = link.answers.length;
    const calls = names.map(async (name) => await store.get(name));
    while (link.answers.length === before) await nextTurn();
    await nextTurn();
    // 8 MiB, as two of them make more than one.
    expect(link.answers.length - before).toBe(5);
    link.resume();
    expect(await Promise.all(calls)).toEqual(names.map(() => text));
  });

  it('in a turn with much to carry take several messages', async () => {
    const text = 'x'.repeat(900_000);
    await Promise.all(
      Array.from({ length: 6 }, async (_, index) => await store.set(`${index}`, text)),
    );
    expect(link.batches.length).toBe(2);
  });

  it('are refused when too much waits', async () => {
    const publish = { name: 'publish', channel: 'news', data: 'x'.repeat(2 ** 20) } as const;
    const waiting = Array.from({ length: 63 }, async () => await link.backend.execute(publish));
    await expect(link.backend.execute(publish)).rejects.toThrow(ofCode('STATE_UNAVAILABLE'));
    await Promise.all(waiting);
    await link.backend.execute(publish);
  });

  it('are rejected at their deadline, and not before', async () => {
    const impatient = linkState(host, { timeoutMs: 50 });
    const startMs = performance.now();
    impatient.pause();
    const late = impatient.backend.execute({ name: 'has', key: 'key' });
    await expect(late).rejects.toThrow(ofCode('STATE_UNAVAILABLE'));
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(49);
    // The answer that comes after all is nobody's.
    impatient.resume();
    expect(await impatient.backend.execute({ name: 'has', key: 'key' })).toBe(false);
  });

  it('are rejected at once when the primary has gone, and from then on', async () => {
    link.pause();
    const sent = store.has('key');
    await nextTurn();
    const waiting = store.has('key');
    link.backend.disconnected();
    for (const call of [sent, waiting, store.has('key')]) {
      await expect(call).rejects.toThrow(ofCode('STATE_UNAVAILABLE'));
    }
  });

  it('are nothing at all when one of them is not', async () => {
    const hostile: unknown[][] = [
      [5, 'key', 1, 0, 99],
      [5, 'key', 1, 0, 5, 'key', 0.5, 0],
      [5, 'key', 1, 0, 5, 'key', 1, -1],
      [5, 'key', 1, 0, 1, 'key', 0],
      [5, 'key', 1, 0, 1, ['key'], 0],
      [5, 'key', 1, 0, 1, ['key', {}], 0],
      [5, 'key', 1, 0, 0, 'key'],
      [5, 'key', 1, 0, 0, [{ toString: 1 }]],
      [5, 'key', 1, 0, 2, 'k'.repeat(20_000)],
      [5, 'key', 1, 0, '__proto__'],
      [5, 'key', 1, 0, 6],
      [5, 'key', 1, 0, 6, 'key', 1, NaN, 0],
    ];
    for (const operations of hostile) {
      expect(link.client.onBatch({ seq: 9, operations })).toEqual(expect.any(String));
    }
    expect(await store.has('key')).toBe(false);
    expect(link.client.onBatch({ seq: 9, operations: [] })).toBeUndefined();
  });

  it('leave nothing held when the worker is gone', async () => {
    const other = createStateStore(linkState(host).backend);
    const mine = await store.acquireLease('job', { ttlMs: 60_000 });
    const theirs = await other.acquireLease('other job', { ttlMs: 60_000 });
    await store.subscribe('news', () => undefined);
    link.client.gone();
    const next = await other.acquireLease('job', { ttlMs: 60_000 });
    expect(next?.fencingToken).toBeGreaterThan(mine?.fencingToken ?? Infinity);
    expect(await theirs?.renew()).toBe(true);
  });
});

describe('a state that moves', () => {
  it('keeps calls waiting, and executes each once, in order', async () => {
    const old = createHost();
    const store = createStateStore(linkState(old).backend);
    const own = createStateStore(old.open());
    await store.increment('key');
    old.hold();
    const waiting = [store.increment('key'), own.increment('key'), store.increment('key')];
    await nextTurn();
    const next = createHost();
    const successor = linkState(next, { isPeer: true });
    await successor.backend.execute({ name: 'increment', key: 'key', by: 100, ttlMs: 0 });
    old.resumeElsewhere(successor.backend);
    const values = (await Promise.all(waiting)).map(({ value }) => value);
    expect(values.toSorted((a, b) => a - b)).toEqual([101, 102, 103]);
    expect(values[0]).toBeLessThan(values[2] ?? 0);
    expect((await createStateStore(next.open()).increment('key')).value).toBe(104);
  });

  it('stays when the move fails', async () => {
    const host = createHost();
    const store = createStateStore(linkState(host).backend);
    await store.increment('key');
    host.hold();
    const waiting = store.increment('key');
    await nextTurn();
    host.resumeHere();
    expect((await waiting).value).toBe(2);
  });

  it('takes leases along, which a worker’s end still releases', async () => {
    const old = createHost();
    const next = createHost();
    const peer = linkState(next, { isPeer: true });
    old.resumeElsewhere(peer.backend);
    const link = linkState(old);
    const store = createStateStore(link.backend);
    const lease = await store.acquireLease('job', { ttlMs: 60_000 });
    expect(await lease?.renew()).toBe(true);
    const other = createStateStore(linkState(next).backend);
    expect(await other.acquireLease('job', { ttlMs: 60_000 })).toBeUndefined();
    link.client.gone();
    while ((await other.acquireLease('job', { ttlMs: 60_000 })) === undefined) await nextTurn();
  });

  it('is heard in both primaries', async () => {
    const old = createHost();
    const next = createHost();
    const heard: string[] = [];
    // The link's other end is a store of the old primary's side, which brings it to those who listen there.
    next.connectPeer({ answer: () => undefined, published: old.deliver });
    const peer = linkState(next, { isPeer: true });
    old.resumeElsewhere(peer.backend);
    const [there, here] = [createStateStore(old.open()), createStateStore(next.open())];
    await there.subscribe('news', (news) => heard.push(`there: ${String(news)}`));
    await here.subscribe('news', (news) => heard.push(`here: ${String(news)}`));
    await there.publish('news', 1);
    await here.publish('news', 2);
    expect(heard.toSorted()).toEqual(['here: 1', 'here: 2', 'there: 1', 'there: 2']);
  });
});
