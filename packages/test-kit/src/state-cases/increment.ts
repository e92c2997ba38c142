// Test process and fixtures: counting.
import assert from 'node:assert/strict';
import { LONG_TTL_MS } from './case.js';
import type { StateStoreCase } from './case.js';

export const incrementCases: readonly StateStoreCase[] = [
  {
    title: 'counts from nothing, up and down',
    async run({ store, other }) {
      assert.deepEqual(await store.increment('key'), { value: 1, expiresInMs: undefined });
      assert.equal((await other.increment('key', 41)).value, 42);
      assert.equal((await store.increment('key', -50)).value, -8);
      assert.equal((await store.increment('key', 0)).value, -8);
      assert.equal(await other.get('key'), -8);
      await store.set('key', 10);
      assert.equal((await other.increment('key')).value, 11);
      await store.compareAndSet('created', 0, 5);
      assert.equal((await other.increment('created')).value, 6);
    },
  },
  {
    title: 'counts exactly, from several handles at once',
    async run({ store, other }) {
      const results = await Promise.all(
        Array.from(
          { length: 500 },
          async (_, index) => await (index % 2 === 0 ? store : other).increment('key'),
        ),
      );
      const values = results.map(({ value }) => value).sort((a, b) => a - b);
      assert.deepEqual(
        values,
        Array.from({ length: 500 }, (_, index) => index + 1),
      );
      assert.equal(await store.get('key'), 500);
    },
  },
  {
    title: 'sets the time with the first, and no later one extends it',
    async run({ store, other }) {
      const first = await store.increment('key', 1, { ttlMs: LONG_TTL_MS });
      assert.ok(first.expiresInMs !== undefined && first.expiresInMs <= LONG_TTL_MS);
      const second = await other.increment('key', 1, { ttlMs: 10 * LONG_TTL_MS });
      assert.ok(second.expiresInMs !== undefined && second.expiresInMs <= LONG_TTL_MS);
      const third = await other.increment('key');
      assert.ok(third.expiresInMs !== undefined && third.expiresInMs <= LONG_TTL_MS);
      await store.set('eternal', 1);
      assert.deepEqual(await store.increment('eternal', 1, { ttlMs: LONG_TTL_MS }), {
        value: 2,
        expiresInMs: undefined,
      });
    },
  },
  {
    title: 'refuses to count what is no number, and leaves it',
    async run({ store }) {
      const values = ['5', { count: 1 }, [1], new Date(0), 5n, true, null, Buffer.from('5')];
      for (const value of values) {
        await store.set('key', value);
        await assert.rejects(async () => await store.increment('key'), {
          code: 'STATE_TYPE_MISMATCH',
        });
        assert.deepEqual(await store.get('key'), value);
      }
    },
  },
  {
    title: 'refuses steps that are no safe integer',
    async run({ store }) {
      for (const by of [0.5, NaN, Infinity, 2 ** 53, '1' as unknown as number]) {
        await assert.rejects(async () => await store.increment('key', by), {
          code: 'INVALID_ARGUMENT',
        });
      }
      assert.equal(await store.has('key'), false);
    },
  },
];
