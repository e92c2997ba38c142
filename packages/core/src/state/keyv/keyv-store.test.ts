import { describeKeyvCompliance } from '@corral/test-kit/keyv-compliance';
import { createCache } from 'cache-manager';
import Keyv6 from 'keyv';
import Keyv5 from 'keyv5';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStateStore } from '../create-state-store.js';
import { createMemoryBackend } from '../memory-state.js';
import type { StateStore } from '../state-store.js';
import { createKeyvStore } from './keyv-store.js';

let state: StateStore;

beforeEach(() => {
  state = createStateStore(createMemoryBackend());
});

afterEach(async () => await state.close());

describeKeyvCompliance('embedded', () => createKeyvStore({ state }));

describe.each([
  ['Keyv 6', Keyv6],
  ['Keyv 5', Keyv5 as unknown as typeof Keyv6],
])('%s on the shared state', (_name, Keyv) => {
  it('lets values end in the state itself', async () => {
    const keyv = new Keyv({ store: createKeyvStore({ state }), namespace: 'cache' });
    await keyv.set('ends', 1, 60_000);
    await keyv.set('stays', 1);
    const lives: Array<number | undefined> = [];
    for await (const [key] of state.entries('keyv:cache:')) {
      lives.push((await state.getEntry(key))?.expiresInMs);
    }
    expect(lives).toHaveLength(2);
    const ends = lives.find((life) => life !== undefined);
    expect(ends).toBeGreaterThan(59_000);
    expect(ends).toBeLessThanOrEqual(60_001);
  });
});

it('cache-manager caches on the shared state', async () => {
  const cache = createCache({
    stores: [new Keyv5({ store: createKeyvStore({ state }), namespace: 'pages' })],
    ttl: 60_000,
  });
  let renderings = 0;
  const render = async (): Promise<string> => await Promise.resolve(`page ${++renderings}`);
  const pages = [await cache.wrap('home', render), await cache.wrap('home', render)];
  expect(pages).toEqual(['page 1', 'page 1']);
  expect(await cache.mdel(['home', 'nothing'])).toBe(true);
  expect(await cache.wrap('home', render)).toBe('page 2');
  await cache.clear();
  expect(await cache.get('home')).toBeUndefined();
});

describe('the store of Keyv', () => {
  it('stores, tells and deletes several', async () => {
    const keyv = new Keyv6({ store: createKeyvStore({ state }) });
    await keyv.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 2, ttl: 60_000 },
    ]);
    expect(await keyv.getMany(['a', 'b', 'c'])).toEqual([1, 2, undefined]);
    expect(await keyv.hasMany(['a', 'c'])).toEqual([true, false]);
  });

  it('takes a time that is over for no value', async () => {
    const store = createKeyvStore({ state });
    await store.set('a', 1);
    await store.set('a', 2, Date.now() - 1);
    expect(await store.has('a')).toBe(false);
  });

  it('leaves the state open when Keyv disconnects, and gives Keyv its errors', async () => {
    const keyv = new Keyv6({ store: createKeyvStore({ state }) });
    await keyv.disconnect();
    await state.ping();
    await state.close();
    const errors: unknown[] = [];
    keyv.on('error', (error) => errors.push(error));
    expect(await keyv.get('a')).toBeUndefined();
    expect(errors).toMatchObject([{ code: 'STATE_CLOSED' }]);
  });
});
