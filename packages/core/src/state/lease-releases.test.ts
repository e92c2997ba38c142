import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CorralError, stateUnavailable } from '../errors.js';
import { createStateStore } from './create-state-store.js';
import { createMemoryState } from './memory-state.js';
import type { MemoryState } from './memory-state.js';
import type { StateBackend, StateOperationName } from './state-backend.js';
import type { StateStore } from './state-store.js';

const ttlMs = 60_000;
const UNAVAILABLE = { code: 'STATE_UNAVAILABLE' };

let memory: MemoryState;
beforeEach(() => {
  memory = createMemoryState();
});
afterEach(() => {
  vi.useRealTimers();
  memory.close();
});

interface Network {
  /** Whether a call gets lost on its way to the store, or its answer on the way back. */
  loses: (name: StateOperationName) => 'call' | 'answer' | undefined;
  /** What is told of what was lost. */
  error: CorralError;
  readonly calls: StateOperationName[];
}

function connect(): { readonly store: StateStore; readonly network: Network } {
  const network: Network = {
    loses: () => undefined,
    error: stateUnavailable('lost'),
    calls: [],
  };
  const backend = memory.open();
  const execute: StateBackend['execute'] = async (operation) => {
    network.calls.push(operation.name);
    const lost = network.loses(operation.name);
    if (lost === 'call') throw network.error;
    const result = await backend.execute(operation);
    if (lost === 'answer') throw network.error;
    return result;
  };
  return { store: createStateStore({ ...backend, execute }), network };
}

/** Whether somebody else can have it. */
async function isFree(name: string): Promise<boolean> {
  const lease = await createStateStore(memory.open()).acquireLease(name, { ttlMs });
  await lease?.release();
  return lease !== undefined;
}

describe('a lease of which its holder has not heard', () => {
  it('is free as soon as the store answers again', async () => {
    vi.useFakeTimers();
    const { store, network } = connect();
    network.loses = (name) => (name === 'acquireLease' ? 'answer' : 'call');
    await expect(store.acquireLease('job', { ttlMs })).rejects.toMatchObject(UNAVAILABLE);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await isFree('job')).toBe(false);
    network.loses = () => undefined;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await isFree('job')).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is free when its answer came so late that it is lost', async () => {
    let clockMs = 0;
    const backend = memory.open();
    const execute: StateBackend['execute'] = async (operation) => {
      const result = await backend.execute(operation);
      clockMs += ttlMs;
      return result;
    };
    const store = createStateStore({ ...backend, execute }, { nowMs: () => clockMs });
    expect(await store.acquireLease('job', { ttlMs })).toBeUndefined();
    await vi.waitFor(async () => expect(await isFree('job')).toBe(true));
  });

  it('is not asked for any more when it has expired in the store, nor when the store is closed', async () => {
    vi.useFakeTimers();
    const [patient, hasty] = [connect(), connect()];
    for (const { network } of [patient, hasty]) network.loses = () => 'call';
    for (const { store } of [patient, hasty]) {
      await expect(store.acquireLease('job', { ttlMs })).rejects.toMatchObject(UNAVAILABLE);
    }
    await vi.advanceTimersByTimeAsync(5_000);
    await hasty.store.close();
    const { length } = hasty.network.calls;
    expect(length).toBeGreaterThan(5);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(hasty.network.calls).toHaveLength(length);
    expect(patient.network.calls.length).toBeLessThan(70);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not asked for where it was certainly not acquired', async () => {
    const { store, network } = connect();
    network.loses = () => 'call';
    network.error = new CorralError('STATE_UNAVAILABLE', 'not sent', {
      details: { mayHaveBeenExecuted: false },
    });
    await expect(store.acquireLease('job', { ttlMs })).rejects.toMatchObject(UNAVAILABLE);
    network.error = new CorralError('STATE_FULL', 'full');
    await expect(store.acquireLease('job', { ttlMs })).rejects.toMatchObject({
      code: 'STATE_FULL',
    });
    expect(network.calls).toEqual(['acquireLease', 'acquireLease']);
  });
});

describe('a lease that is released while the store is away', () => {
  it('is free as soon as the store answers again', async () => {
    vi.useFakeTimers();
    const { store, network } = connect();
    const lease = await store.acquireLease('job', { ttlMs });
    network.loses = () => 'call';
    await lease?.release();
    expect(await isFree('job')).toBe(false);
    network.loses = () => undefined;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await isFree('job')).toBe(true);
  });
});
