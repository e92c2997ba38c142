import { createMemoryBackend, createStateStore } from '@corral/core';
import type { StateStore } from '@corral/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createThrottlerStorage } from './throttler.js';

const silent = { info: () => undefined, warn: () => undefined };
const [TTL_MS, LIMIT, BLOCK_MS] = [60_000, 3, 300_000];
let state: StateStore;

beforeEach(() => {
  state = createStateStore(createMemoryBackend());
});

afterEach(async () => await state.close());

describe('the storage of @nestjs/throttler', () => {
  it('counts for all processes, and blocks who has had too many for as long as told', async () => {
    const [first, second] = [
      createThrottlerStorage({ state, logger: silent }),
      createThrottlerStorage({ state, logger: silent }),
    ];
    for (const storage of [first, second, first]) {
      const record = await storage.increment('key', TTL_MS, LIMIT, BLOCK_MS, 'default');
      expect(record).toMatchObject({ isBlocked: false, timeToBlockExpire: 0 });
      expect(record.timeToExpire).toBe(60);
    }
    const blocked = { isBlocked: true, timeToExpire: 300, timeToBlockExpire: 300 };
    expect(await second.increment('key', TTL_MS, LIMIT, BLOCK_MS, 'default')).toMatchObject({
      totalHits: 4,
      ...blocked,
    });
    // The block lasts from the request that exceeded: who goes on does not prolong it.
    await state.touch('rate-limits:default:=default key', { ttlMs: 200_000 });
    expect(await first.increment('key', TTL_MS, LIMIT, BLOCK_MS, 'default')).toMatchObject({
      totalHits: 5,
      isBlocked: true,
      timeToBlockExpire: 200,
    });
  });

  it('blocks until the window ends without a time to block', async () => {
    const storage = createThrottlerStorage({ state, logger: silent });
    await storage.increment('key', TTL_MS, 1, 0, 'default');
    expect(await storage.increment('key', TTL_MS, 1, 0, 'default')).toMatchObject({
      isBlocked: true,
      timeToBlockExpire: 60,
    });
  });

  it('counts throttlers and keys apart', async () => {
    const storage = createThrottlerStorage({ state, logger: silent });
    await storage.increment('key', TTL_MS, LIMIT, BLOCK_MS, 'short');
    expect(await storage.increment('key', TTL_MS, LIMIT, BLOCK_MS, 'long')).toMatchObject({
      totalHits: 1,
    });
    expect(await storage.increment('other', TTL_MS, LIMIT, BLOCK_MS, 'short')).toMatchObject({
      totalHits: 1,
    });
  });

  it('lets requests pass while the state is away, or not', async () => {
    const open = createThrottlerStorage({ state, logger: silent });
    const closed = createThrottlerStorage({ state, logger: silent, whenUnavailable: 'closed' });
    await state.close();
    expect(await open.increment('key', TTL_MS, LIMIT, BLOCK_MS, 'default')).toMatchObject({
      totalHits: 1,
    });
    await expect(closed.increment('key', TTL_MS, LIMIT, BLOCK_MS, 'default')).rejects.toMatchObject(
      { code: 'STATE_CLOSED' },
    );
  });
});
