// Test process and fixtures: versions, and setting only what nobody has changed.
import assert from 'node:assert/strict';
import { SHORT_TTL_MS, untilGone } from './case.js';
import type { StateStoreCase } from './case.js';
import type { StateStore } from '@corral/core';

async function versionOf(store: StateStore, key: string): Promise<number> {
  const entry = await store.getEntry(key);
  assert.ok(entry, `${key} is there`);
  return entry.version;
}

export const versionCases: readonly StateStoreCase[] = [
  {
    title: 'gives every change a version of its own, whoever makes it',
    async run({ store, other }) {
      const versions = [await store.set('key', 1)];
      assert.equal(await versionOf(other, 'key'), versions[0]);
      versions.push(await other.set('key', 2));
      await store.increment('key');
      versions.push(await versionOf(store, 'key'));
      await other.setMany([['key', 7]]);
      versions.push(await versionOf(store, 'key'));
      const result = await store.compareAndSet('key', versions[3] ?? 0, 8);
      assert.ok(result.ok);
      versions.push(result.version);
      assert.equal(await versionOf(other, 'key'), result.version);

      assert.ok(versions.every((version) => Number.isSafeInteger(version) && version > 0));
      assert.equal(new Set(versions).size, versions.length);
    },
  },
  {
    title: 'sets what nobody has changed, and says what is there otherwise',
    async run({ store, other }) {
      const version = await store.set('key', 'mine');
      const theirs = await other.set('key', 'theirs');
      const refused = await store.compareAndSet('key', version, 'mine again');
      assert.ok(!refused.ok);
      assert.deepEqual(refused.current, {
        value: 'theirs',
        version: theirs,
        expiresInMs: undefined,
      });
      assert.equal(await store.get('key'), 'theirs');
      assert.equal((await store.compareAndSet('key', theirs, 'mine again')).ok, true);
      assert.equal(await other.get('key'), 'mine again');
    },
  },
  {
    title: 'creates with version 0 what is not there, and nothing else',
    async run({ store }) {
      const created = await store.compareAndSet('key', 0, 'first');
      assert.ok(created.ok);
      const second = await store.compareAndSet('key', 0, 'second');
      assert.ok(!second.ok);
      assert.equal(second.current?.value, 'first');
      assert.equal(second.current.version, created.version);
      const missing = await store.compareAndSet('missing', created.version, 'x');
      assert.deepEqual(missing, { ok: false, current: undefined });
      assert.equal(await store.has('missing'), false);
    },
  },
  {
    title: 'takes a key that was deleted, or has expired, and set again for another one',
    async run({ store, other }) {
      const deleted = await store.set('deleted', 'same');
      await other.delete('deleted');
      assert.notEqual(await other.set('deleted', 'same'), deleted);
      assert.equal((await store.compareAndSet('deleted', deleted, 'lost')).ok, false);

      const cleared = await store.set('cleared', 'same');
      await other.clear('cleared');
      await other.compareAndSet('cleared', 0, 'same');
      assert.equal((await store.compareAndSet('cleared', cleared, 'lost')).ok, false);

      const expired = await store.set('expired', 'same', { ttlMs: SHORT_TTL_MS });
      await untilGone(other, 'expired');
      await other.set('expired', 'same');
      assert.equal((await store.compareAndSet('expired', expired, 'lost')).ok, false);

      await store.increment('counted');
      const counted = await versionOf(store, 'counted');
      await other.delete('counted');
      await other.increment('counted');
      assert.equal((await store.compareAndSet('counted', counted, 9)).ok, false);
    },
  },
  {
    title: 'lets one of many win',
    async run({ store, other }) {
      const version = await store.set('key', 'start');
      const attempts = Array.from(
        { length: 20 },
        async (_, index) =>
          await (index % 2 === 0 ? store : other).compareAndSet('key', version, index),
      );
      const results = await Promise.all(attempts);
      const winners = results.flatMap(({ ok }, index) => (ok ? [index] : []));
      assert.equal(winners.length, 1);
      assert.equal(await store.get('key'), winners[0]);
    },
  },
  {
    title: 'loses no update when everybody tries again',
    async run({ store, other }) {
      const addOne = async (handle: StateStore): Promise<void> => {
        let entry = await handle.getEntry<number[]>('list');
        for (;;) {
          const list = entry?.value ?? [];
          const result = await handle.compareAndSet('list', entry?.version ?? 0, [...list, 1]);
          if (result.ok) return;
          entry = result.current;
        }
      };
      await Promise.all(
        Array.from(
          { length: 20 },
          async (_, index) => await addOne(index % 2 === 0 ? store : other),
        ),
      );
      assert.equal((await store.get<number[]>('list'))?.length, 20);
    },
  },
  {
    title: 'refuses versions that are none',
    async run({ store }) {
      for (const version of [-1, 0.5, NaN, Infinity, '1' as unknown as number]) {
        await assert.rejects(async () => await store.compareAndSet('key', version, 1), {
          code: 'INVALID_ARGUMENT',
        });
      }
    },
  },
];
