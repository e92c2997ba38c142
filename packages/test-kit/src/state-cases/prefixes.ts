// Test process and fixtures: prefixes and namespaces.
import assert from 'node:assert/strict';
import type { StateStore } from '@corral/core';
import type { StateStoreCase } from './case.js';

async function keysOf(store: StateStore, prefix?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of store.entries(prefix)) keys.push(key);
  return keys.sort();
}

export const prefixCases: readonly StateStoreCase[] = [
  {
    title: 'lists all keys with their values, each once, however many',
    async run({ store, other }) {
      const expected = Array.from(
        { length: 1_500 },
        (_, index) => [`key-${index}`, index] as const,
      );
      await store.setMany(expected);
      const found = new Map<string, unknown>();
      let count = 0;
      for await (const [key, value] of other.entries()) {
        found.set(key, value);
        count += 1;
      }
      assert.equal(count, expected.length);
      assert.deepEqual(found, new Map(expected));
      assert.equal(await other.clear('key-1'), 611);
      assert.equal(await other.clear(), expected.length - 611);
      assert.deepEqual(await keysOf(store), []);
    },
  },
  {
    title: 'goes on listing while keys come and go',
    async run({ store }) {
      const stays = Array.from({ length: 300 }, (_, index) => `stays-${index}`);
      await store.setMany(stays.map((key) => [key, 1]));
      await store.setMany(stays.map((key) => [`goes-${key}`, 1]));
      const found: string[] = [];
      for await (const [key] of store.entries()) {
        if (key.startsWith('stays')) found.push(key);
        await store.delete(`goes-${key}`);
        await store.set(`new-${found.length % 10}`, 1);
      }
      assert.deepEqual(found.sort(), stays.sort());
    },
  },
  {
    title: 'can stop listing early',
    async run({ store }) {
      await store.setMany(Array.from({ length: 50 }, (_, index) => [`key-${index}`, index]));
      let count = 0;
      for await (const entry of store.entries()) {
        assert.equal(entry.length, 2);
        count += 1;
        if (count === 3) break;
      }
      assert.equal(count, 3);
      assert.equal(await store.clear(), 50);
    },
  },
  {
    title: 'takes prefixes literally',
    async run({ store }) {
      const keys = ['a*', 'a*b', 'ab', 'a?', 'a[b]', 'a\\', 'a\\*', '*', 'ä', '🐎🐎', '🐎'];
      await store.setMany(keys.map((key) => [key, key]));
      assert.deepEqual(await keysOf(store, 'a*'), ['a*', 'a*b']);
      assert.deepEqual(await keysOf(store, 'a?'), ['a?']);
      assert.deepEqual(await keysOf(store, 'a['), ['a[b]']);
      assert.deepEqual(await keysOf(store, 'a\\'), ['a\\', 'a\\*']);
      assert.deepEqual(await keysOf(store, '🐎'), ['🐎', '🐎🐎'].sort());
      assert.deepEqual(await keysOf(store, 'nothing'), []);
      assert.deepEqual(await keysOf(store), [...keys].sort());
      assert.equal(await store.clear('*'), 1);
      assert.equal(await store.clear('a\\'), 2);
      assert.equal(await store.clear('nothing'), 0);
      assert.equal(await store.clear(), keys.length - 3);
    },
  },
  {
    title: 'keeps namespaces apart',
    async run({ store, other }) {
      const sessions = store.namespace('sessions');
      const limits = other.namespace('limits');
      await sessions.set('key', 'session');
      await limits.set('key', 'limit');
      await store.set('key', 'outer');
      assert.equal(await other.namespace('sessions').get('key'), 'session');
      assert.equal(await limits.get('key'), 'limit');
      assert.deepEqual(await keysOf(sessions), ['key']);
      assert.deepEqual(await keysOf(store), ['key', 'limits:key', 'sessions:key']);
      assert.equal(await store.get('sessions:key'), 'session');
      assert.equal((await sessions.namespace('a').namespace('b').set('c', 1)) > 0, true);
      assert.equal(await sessions.get('a:b:c'), 1);
      assert.equal(await sessions.clear(), 2);
      assert.equal(await limits.get('key'), 'limit');
      assert.equal(await store.get('key'), 'outer');
    },
  },
];
