// The state with values as they are stored: Corral's own stores, and those that somebody has wrapped.
import { afterEach, describe, expect, it } from 'vitest';
import { createStateStore } from './create-state-store.js';
import { encodedState } from './encoded-state.js';
import { createMemoryBackend } from './memory-state.js';
import type { StateStore } from './state-store.js';
import { encodeValue } from './value-codec.js';

const stores: StateStore[] = [];
afterEach(async () => {
  await Promise.all(stores.splice(0).map(async (store) => await store.close()));
});

function open(): StateStore {
  const store = createStateStore(createMemoryBackend(), { maxValueBytes: 1_000 });
  stores.push(store);
  return store;
}

describe.each([
  ['a store', (store: StateStore) => store],
  ['a namespace', (store: StateStore) => store.namespace('mine')],
  ['a wrapped store', (store: StateStore): StateStore => ({ ...store })],
])('%s, encoded', (_, wrap) => {
  it.each([
    ['a number', 7],
    ['JSON', { a: ['b'] }],
    ['what JSON is not', { at: new Date(5), bytes: Buffer.from([1, 2]) }],
  ])('reads and swaps %s', async (_what, value) => {
    const store = wrap(open());
    const encoded = encodedState(store);
    const data = encodeValue(value);
    const created = await encoded.compareAndSet('key', 0, data, { ttlMs: 5_000 });
    expect(created).toMatchObject({ ok: true });
    expect(await store.get('key')).toEqual(value);

    const entry = await encoded.getEntry('key');
    expect(entry).toMatchObject({ data, version: created.ok ? created.version : -1 });
    expect(entry?.expiresInMs).toBeGreaterThan(1_000);

    const refused = await encoded.compareAndSet('key', 0, encodeValue('other'));
    expect(refused).toMatchObject({ ok: false, current: { data, version: entry?.version } });
    await store.touch('key');
    expect((await encoded.getEntry('key'))?.expiresInMs).toBe(-1);
    expect(await encoded.getEntry('nowhere')).toBeUndefined();
  });

  it('refuses what the store would', async () => {
    const encoded = encodedState(wrap(open()));
    const large = encodeValue('x'.repeat(2_000));
    await expect(async () => await encoded.compareAndSet('key', 0, large)).rejects.toMatchObject({
      code: 'STATE_VALUE_TOO_LARGE',
    });
    await expect(async () => await encoded.getEntry('')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

it('goes through the store that was wrapped', async () => {
  const seen: string[] = [];
  const store = open();
  const wrapped: StateStore = {
    ...store,
    getEntry: async (key) => {
      seen.push(key);
      return await store.getEntry(key);
    },
  };
  await encodedState(wrapped).getEntry('key');
  expect(seen).toEqual(['key']);
});
