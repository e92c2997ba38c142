// Test process and fixtures: how long keys live.
import assert from 'node:assert/strict';
import { LONG_TTL_MS, SHORT_TTL_MS, untilGone } from './case.js';
import type { StateStoreCase } from './case.js';
import type { StateStore } from '@corral/core';

async function assertLivesForUpTo(store: StateStore, key: string, ttlMs: number): Promise<void> {
  const entry = await store.getEntry(key);
  assert.ok(entry, `${key} is there`);
  const { expiresInMs } = entry;
  assert.ok(expiresInMs !== undefined && expiresInMs > 0 && expiresInMs <= ttlMs, `${expiresInMs}`);
}

async function assertLivesForEver(store: StateStore, key: string): Promise<void> {
  const entry = await store.getEntry(key);
  assert.ok(entry, `${key} is there`);
  assert.equal(entry.expiresInMs, undefined);
}

/** @returns the keys, one of each member that takes `ttlMs` */
async function setByAll(store: StateStore, ttlMs: number): Promise<string[]> {
  await store.set('set', 1, { ttlMs });
  await store.setMany([['many', 1]], { ttlMs });
  await store.increment('counted', 1, { ttlMs });
  await store.compareAndSet('created', 0, 1, { ttlMs });
  return ['set', 'many', 'counted', 'created'];
}

export const expiryCases: readonly StateStoreCase[] = [
  {
    title: 'forgets a key when its time is over, for every member',
    async run({ store, other }) {
      await store.set('stays', 1, { ttlMs: LONG_TTL_MS });
      const living = await setByAll(store, LONG_TTL_MS);
      await Promise.all(
        living.map(async (key) => await assertLivesForUpTo(other, key, LONG_TTL_MS)),
      );
      await store.deleteMany(living);
      const keys = await setByAll(store, SHORT_TTL_MS);
      await Promise.all(keys.map(async (key) => await untilGone(other, key)));

      assert.deepEqual(await store.getMany([...keys, 'stays']), [...keys.map(() => undefined), 1]);
      assert.equal(await store.getEntry('set'), undefined);
      assert.equal(await store.delete('set'), false);
      assert.equal(await store.touch('set', { ttlMs: LONG_TTL_MS }), false);
      assert.equal(await store.deleteMany(keys), 0);
      const found: string[] = [];
      for await (const [key] of store.entries()) found.push(key);
      assert.deepEqual(found, ['stays']);
      assert.equal((await store.increment('counted')).value, 1);
    },
  },
  {
    title: 'keeps a key for ever that is set without an end, whatever it had before',
    async run({ store }) {
      await store.set('key', 1, { ttlMs: LONG_TTL_MS });
      await store.set('key', 2);
      await assertLivesForEver(store, 'key');
      await store.set('key', 3, { ttlMs: LONG_TTL_MS });
      await store.setMany([['key', 4]]);
      await assertLivesForEver(store, 'key');
      const entry = await store.getEntry('key');
      assert.ok(entry);
      await store.touch('key', { ttlMs: LONG_TTL_MS });
      assert.equal((await store.compareAndSet('key', entry.version, 5)).ok, true);
      await assertLivesForEver(store, 'key');
    },
  },
  {
    title: 'touches only the time, to longer, shorter and for ever',
    async run({ store, other }) {
      assert.equal(await store.touch('key', { ttlMs: LONG_TTL_MS }), false);
      assert.equal(await store.has('key'), false);
      const version = await store.set('key', { a: 1 }, { ttlMs: LONG_TTL_MS });
      assert.equal(await other.touch('key', { ttlMs: 2 * LONG_TTL_MS }), true);
      const longer = await store.getEntry('key');
      assert.ok((longer?.expiresInMs ?? 0) > LONG_TTL_MS);
      assert.equal(await store.touch('key'), true);
      await assertLivesForEver(store, 'key');
      const touched = await store.getEntry('key');
      assert.deepEqual(touched?.value, { a: 1 });
      assert.equal(touched.version, version);
      assert.equal(await store.touch('key', { ttlMs: SHORT_TTL_MS }), true);
      await untilGone(store, 'key');
    },
  },
  {
    title: 'refuses times that are none',
    async run({ store }) {
      await store.set('key', 1);
      for (const ttlMs of [0, -1, 1.5, NaN, Infinity, '100' as unknown as number]) {
        const refused = { code: 'INVALID_ARGUMENT' };
        await assert.rejects(async () => await store.set('key', 2, { ttlMs }), refused);
        await assert.rejects(async () => await store.setMany([['key', 2]], { ttlMs }), refused);
        await assert.rejects(async () => await store.touch('key', { ttlMs }), refused);
        await assert.rejects(async () => await store.increment('key', 1, { ttlMs }), refused);
        await assert.rejects(
          async () => await store.compareAndSet('new', 0, 2, { ttlMs }),
          refused,
        );
      }
      assert.equal(await store.get('key'), 1);
    },
  },
];
