import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createUnsteadyBackend, FINE_WEATHER } from '../../test/unsteady-backend.js';
import type { Weather } from '../../test/unsteady-backend.js';
import { createStateStore } from '../state/create-state-store.js';
import { createMemoryBackend } from '../state/memory-state.js';
import type { StateStore } from '../state/state-store.js';
import { acquireKeptLease } from './kept-lease.js';
import type { KeptLease } from './kept-lease.js';

const TTL_MS = 1_000;
const terms = { ttlMs: TTL_MS, nowMs: () => performance.now() };

let weather: { -readonly [K in keyof Weather]: Weather[K] };
let state: StateStore;

beforeEach(() => {
  vi.useFakeTimers();
  weather = { ...FINE_WEATHER };
  state = createStateStore(createUnsteadyBackend(createMemoryBackend(), weather));
});

afterEach(() => {
  vi.useRealTimers();
});

async function acquire(): Promise<KeptLease> {
  const lease = await acquireKeptLease(state, 'job', terms);
  if (lease === undefined) throw new Error('the lease is not free');
  return lease;
}

describe('a kept lease', () => {
  it('is held for as long as it is renewed, and by nobody else', async () => {
    const lease = await acquire();
    await vi.advanceTimersByTimeAsync(10 * TTL_MS);
    expect(lease.isHeld()).toBe(true);
    expect(await acquireKeptLease(state, 'job', terms)).toBeUndefined();
  });

  it('outlives renewals that fail once in a while', async () => {
    const lease = await acquire();
    weather.loses = () => 'call';
    await vi.advanceTimersByTimeAsync(TTL_MS / 2);
    weather.loses = () => undefined;
    await vi.advanceTimersByTimeAsync(2 * TTL_MS);
    expect(lease.isHeld()).toBe(true);
  });

  it('ends for its holder before another can have it', async () => {
    const lease = await acquire();
    weather.loses = () => 'call';
    await vi.advanceTimersByTimeAsync(TTL_MS * 0.9 - 1);
    expect(lease.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(lease.signal.reason).toMatchObject({ code: 'STATE_LEASE_LOST' });
    weather.loses = () => undefined;
    expect(await acquireKeptLease(state, 'job', terms)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(TTL_MS * 0.1);
    expect((await acquire()).fencingToken).toBeGreaterThan(lease.fencingToken);
  });

  it('is over by the clock before its timer has had its turn', async () => {
    let nowMs = 0;
    const stopped = await acquireKeptLease(state, 'job', { ttlMs: TTL_MS, nowMs: () => nowMs });
    nowMs = TTL_MS * 0.9;
    expect(stopped?.signal.aborted).toBe(false);
    expect(stopped?.isHeld()).toBe(false);
    expect(stopped?.signal.aborted).toBe(true);
  });

  it('is nobody’s when the answer came too late', async () => {
    weather.latencyMs = () => TTL_MS * 0.45;
    const late = acquireKeptLease(state, 'job', terms);
    await vi.advanceTimersByTimeAsync(2 * TTL_MS);
    expect(await late).toBeUndefined();
    weather.latencyMs = () => 0;
    expect((await acquire()).isHeld()).toBe(true);
  });

  it('is free for others at once when it is released', async () => {
    const lease = await acquire();
    await lease.release();
    await lease.release();
    expect(lease.signal.aborted).toBe(true);
    expect((await acquire()).isHeld()).toBe(true);
  });

  it('is free for others in time when it is to expire', async () => {
    const lease = await acquire();
    lease.letExpire();
    await vi.advanceTimersByTimeAsync(TTL_MS - 1);
    expect(lease.signal.aborted).toBe(true);
    expect(await acquireKeptLease(state, 'job', terms)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect((await acquire()).isHeld()).toBe(true);
  });

  it('ends with its store', async () => {
    const lease = await acquire();
    await state.close();
    expect(lease.isHeld()).toBe(false);
    expect(lease.signal.reason).toMatchObject({ code: 'STATE_LEASE_LOST' });
  });
});
