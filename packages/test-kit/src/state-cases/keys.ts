// Test process and fixtures: getting, setting and deleting, and which keys there may be.
import assert from 'node:assert/strict';
import type { StateStoreCase } from './case.js';

/** Keys that a careless store would take for something else. */
const HOSTILE_KEYS: readonly string[] = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  ' ',
  'a b',
  'line\nbreak',
  'nul\0byte',
  'a:b:c',
  '{tag}',
  '}{',
  '*',
  '../up',
  'ключ',
  '🐎',
  'k'.repeat(1_024),
];

export const keyCases: readonly StateStoreCase[] = [
  {
    title: 'sets, gets and deletes, for all handles',
    async run({ store, other }) {
      assert.equal(await store.get('key'), undefined);
      assert.equal(await store.getEntry('key'), undefined);
      assert.equal(await store.has('key'), false);
      await store.set('key', 'one');
      assert.equal(await other.get('key'), 'one');
      assert.equal(await other.has('key'), true);
      await other.set('key', 'two');
      assert.equal(await store.get('key'), 'two');
      assert.equal(await store.delete('key'), true);
      assert.equal(await store.delete('key'), false);
      assert.equal(await other.get('key'), undefined);
    },
  },
  {
    title: 'gets, sets and deletes several',
    async run({ store, other }) {
      await store.setMany(
        new Map<string, unknown>([
          ['a', 1],
          ['b', { two: 2 }],
          ['c', null],
        ]),
      );
      assert.deepEqual(await other.getMany(['c', 'nowhere', 'a', 'b', 'a']), [
        null,
        undefined,
        1,
        { two: 2 },
        1,
      ]);
      assert.equal(await store.deleteMany(['a', 'nowhere', 'c']), 2);
      assert.deepEqual(await store.getMany(['a', 'b', 'c']), [undefined, { two: 2 }, undefined]);
      assert.deepEqual(await store.getMany([]), []);
      assert.equal(await store.deleteMany([]), 0);
      await store.setMany([]);
    },
  },
  {
    title: 'takes any text as a key',
    async run({ store, other }) {
      await Promise.all(HOSTILE_KEYS.map(async (key) => await store.set(key, `value of ${key}`)));
      for (const key of HOSTILE_KEYS) {
        assert.equal(await other.get(key), `value of ${key}`, JSON.stringify(key));
      }
      const found: string[] = [];
      for await (const [key] of store.entries()) found.push(key);
      assert.deepEqual(found.sort(), [...HOSTILE_KEYS].sort());
      assert.equal(await store.deleteMany(HOSTILE_KEYS), HOSTILE_KEYS.length);
    },
  },
  {
    title: 'refuses keys that are none',
    async run({ store }) {
      for (const key of ['', 'k'.repeat(1_025), 7, null, undefined, {}] as string[]) {
        const refused = { code: 'INVALID_ARGUMENT' };
        await assert.rejects(async () => await store.get(key), refused);
        await assert.rejects(async () => await store.set(key, 1), refused);
        await assert.rejects(async () => await store.getMany(['fine', key]), refused);
        await assert.rejects(async () => await store.increment(key), refused);
        await assert.rejects(async () => await store.compareAndSet(key, 0, 1), refused);
        await assert.rejects(async () => await store.delete(key), refused);
      }
    },
  },
  {
    title: 'answers a ping',
    async run({ store }) {
      await store.ping();
    },
  },
];
