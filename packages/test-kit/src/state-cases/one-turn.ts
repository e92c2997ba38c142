// Test process and fixtures: calls that are made in one turn of the event loop, none of which waits for
// another. Stores send them together: they are to come to what they come to one after the other.
import assert from 'node:assert/strict';
import type { StateStore } from '@corral/core';
import type { StateStoreCase } from './case.js';

const KEYS = ['a', 'b', 'c'] as const;
const VALUES = [1, 41.5, 'text', { of: ['many', 'parts'] }, Buffer.from([0, 255]), null] as const;
const TTL_MS = 100_000;
const CALLS = 400;

type Call = (store: StateStore) => Promise<unknown>;

/** The same calls each time, of all kinds, and mixed. */
function someCalls(): Call[] {
  let seed = 42;
  const pick = <T>(list: readonly T[]): T => {
    seed = (seed * 16_807) % 2_147_483_647;
    return list[seed % list.length] as T;
  };
  return Array.from({ length: CALLS }, () => {
    const [key, other, value] = [pick(KEYS), pick(KEYS), pick(VALUES)];
    const expiry = pick([{ ttlMs: TTL_MS }, undefined]);
    const entryOf = async (store: StateStore): Promise<unknown> => {
      const entry = await store.getEntry(key);
      return entry && [entry.value, entry.expiresInMs !== undefined];
    };
    const swap = async (store: StateStore, version: number): Promise<unknown> => {
      const result = await store.compareAndSet(key, version, value, expiry);
      return result.ok || [false, result.current?.value];
    };
    return pick<Call>([
      (store) => store.get(key),
      (store) => store.get(key),
      entryOf,
      // A version is another each time.
      async (store) => typeof (await store.set(key, value, expiry)),
      (store) => store.has(key),
      (store) => store.delete(key),
      (store) => store.touch(key, expiry),
      async (store) => (await store.increment(key, 2, expiry)).value,
      (store) => swap(store, 0),
      (store) => swap(store, 12_345),
      (store) => store.getMany([key, other]),
      (store) =>
        store.setMany(
          [
            [key, value],
            [other, value],
          ],
          expiry,
        ),
      (store) => store.deleteMany([key, other]),
    ]);
  });
}

async function outcomeOf(call: Call, store: StateStore): Promise<unknown> {
  try {
    return [await call(store)];
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

export const oneTurnCases: readonly StateStoreCase[] = [
  {
    title: 'carries the calls of one turn out in their order',
    async run({ store }) {
      const alone = store.namespace('alone');
      const expected: unknown[] = [];
      for (const call of someCalls()) expected.push(await outcomeOf(call, alone));
      const together = store.namespace('together');
      const found = await Promise.all(someCalls().map((call) => outcomeOf(call, together)));
      assert.deepEqual(found, expected);
      assert.ok(expected.includes('STATE_TYPE_MISMATCH'), 'some calls fail, and stop no other');
    },
  },
];
