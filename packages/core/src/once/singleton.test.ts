import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { recordProcess } from '../../test/exclusive-parts.js';
import type { RecordedProcess } from '../../test/exclusive-parts.js';
import { createUnsteadyBackend, FINE_WEATHER } from '../../test/unsteady-backend.js';
import type { Weather } from '../../test/unsteady-backend.js';
import { deferred } from '../deferred.js';
import { createStateStore } from '../state/create-state-store.js';
import { createMemoryState } from '../state/memory-state.js';
import type { MemoryState } from '../state/memory-state.js';
import type { ExclusiveContext, StartSingleton } from './exclusive-work.js';
import { createSingleton } from './singleton.js';

const TTL_MS = 1_000;
const options = { ttlMs: TTL_MS, stopTimeoutMs: 500 };
let memory: MemoryState;

beforeEach(() => {
  vi.useFakeTimers();
  memory = createMemoryState();
});

afterEach(() => {
  memory.close();
  vi.useRealTimers();
});

function startProcess(weather: Weather = FINE_WEATHER): RecordedProcess {
  return recordProcess(createStateStore(createUnsteadyBackend(memory.open(), weather)));
}

describe('a singleton', () => {
  it('runs in one process, and in the next when that one leaves', async () => {
    const events: string[] = [];
    const begin =
      (name: string): StartSingleton =>
      ({ signal }) => {
        events.push(`${name} begins`);
        signal.addEventListener('abort', () =>
          events.push(`${name} aborts: ${signal.reason.code}`),
        );
        return async () => {
          await new Promise((resolve) => void setTimeout(resolve, 100));
          events.push(`${name} has stopped`);
        };
      };
    const [first, second] = [startProcess(), startProcess()];
    const active = createSingleton('job', begin('first'), options, first);
    await vi.advanceTimersByTimeAsync(10);
    const waiting = createSingleton('job', begin('second'), options, second);
    await vi.advanceTimersByTimeAsync(5 * TTL_MS);
    expect([active.isActive, waiting.isActive]).toEqual([true, false]);
    expect(events).toEqual(['first begins']);

    const leaving = first.shutDown();
    await vi.advanceTimersByTimeAsync(110);
    await leaving;
    expect(events.slice(1)).toEqual([
      'first aborts: SINGLETON_STOPPED',
      'first has stopped',
      'second begins',
    ]);
    expect([active.isActive, waiting.isActive]).toEqual([false, true]);
  });

  it('begins anew elsewhere when its process cannot renew, after its signal has aborted', async () => {
    const runs: ExclusiveContext[] = [];
    const abortedBefore: boolean[] = [];
    const start: StartSingleton = (context) => {
      abortedBefore.push(...runs.map(({ signal }) => signal.aborted));
      runs.push(context);
    };
    let isAway = false;
    createSingleton(
      'job',
      start,
      options,
      startProcess({ ...FINE_WEATHER, loses: () => (isAway ? 'call' : undefined) }),
    );
    await vi.advanceTimersByTimeAsync(10);
    createSingleton('job', start, options, startProcess());
    isAway = true;
    await vi.advanceTimersByTimeAsync(2 * TTL_MS);
    expect(abortedBefore).toEqual([true]);
    const [lost, found] = runs;
    expect(lost?.signal.reason).toMatchObject({ code: 'STATE_LEASE_LOST' });
    expect(lost?.isHeld()).toBe(false);
    expect(found?.isHeld()).toBe(true);
    expect(found?.fencingToken).toBeGreaterThan(lost?.fencingToken ?? Infinity);
  });

  it('begins anew in any process when it fails, less and less often', async () => {
    const failing = startProcess();
    let starts = 0;
    createSingleton(
      'job',
      async () => {
        starts += 1;
        throw new Error('no mail server');
      },
      options,
      failing,
    );
    await vi.advanceTimersByTimeAsync(60_000);
    expect(starts).toBeGreaterThan(4);
    expect(starts).toBeLessThan(10);
    expect(new Set(failing.errorCodes)).toEqual(new Set(['SINGLETON_FAILED']));

    const runs: ExclusiveContext[] = [];
    createSingleton('job', (context) => void runs.push(context), options, startProcess());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toHaveLength(1);
    expect(runs[0]?.isHeld()).toBe(true);
  });

  it('may do all its work before its start resolves, and fail after a while', async () => {
    const failure = deferred<void>();
    const contexts: ExclusiveContext[] = [];
    const failing = startProcess();
    createSingleton(
      'job',
      async (context) => {
        contexts.push(context);
        if (contexts.length === 1) {
          await failure.promise;
          throw new Error('the queue has gone');
        }
        const { signal } = context;
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      },
      options,
      failing,
    );
    await vi.advanceTimersByTimeAsync(5 * TTL_MS);
    expect(contexts).toHaveLength(1);
    failure.resolve();
    await vi.advanceTimersByTimeAsync(5 * TTL_MS);
    expect(contexts).toHaveLength(2);
    expect(contexts[0]?.signal.aborted).toBe(true);
    // To reject with the signal's reason is to end as told.
    await failing.shutDown();
    expect(failing.errorCodes).toEqual(['SINGLETON_FAILED']);
  });

  it('that does not stop is reported, and is nobody else’s before its lease expires', async () => {
    const [stuck, next] = [startProcess(), startProcess()];
    createSingleton('job', () => async () => await new Promise(() => undefined), options, stuck);
    await vi.advanceTimersByTimeAsync(10);
    const waiting = createSingleton('job', () => undefined, options, next);
    const leaving = stuck.shutDown();
    await vi.advanceTimersByTimeAsync(options.stopTimeoutMs);
    await leaving;
    expect(stuck.errorCodes).toEqual(['SINGLETON_STUCK']);
    expect(waiting.isActive).toBe(false);
    await vi.advanceTimersByTimeAsync(2 * TTL_MS);
    expect(waiting.isActive).toBe(true);
  });

  it('that was stuck once, and begins again, is waited for like any other', async () => {
    const stops: string[] = [];
    let isAway = false;
    const process = startProcess({ ...FINE_WEATHER, loses: () => (isAway ? 'call' : undefined) });
    const active = createSingleton(
      'job',
      () => async () => {
        const isFirst = stops.length === 0;
        await new Promise((resolve) => void setTimeout(resolve, isFirst ? 600 : 100));
        stops.push(isFirst ? 'late' : 'in time');
      },
      options,
      process,
    );
    await vi.advanceTimersByTimeAsync(10);
    isAway = true;
    await vi.advanceTimersByTimeAsync(TTL_MS + 600);
    expect([process.errorCodes, stops]).toEqual([['SINGLETON_STUCK'], ['late']]);
    isAway = false;
    await vi.advanceTimersByTimeAsync(3 * TTL_MS);
    expect(active.isActive).toBe(true);
    const leaving = process.shutDown().then(() => stops.push('left'));
    await vi.advanceTimersByTimeAsync(150);
    await leaving;
    expect(stops).toEqual(['late', 'in time', 'left']);
  });

  it('is not begun by a process that leaves while it acquires the lease', async () => {
    const leaving = startProcess({ ...FINE_WEATHER, latencyMs: () => 50 });
    let starts = 0;
    createSingleton('job', () => void (starts += 1), options, leaving);
    const left = leaving.shutDown();
    await vi.advanceTimersByTimeAsync(1_000);
    await left;
    const next = createSingleton('job', () => undefined, options, startProcess());
    await vi.advanceTimersByTimeAsync(0);
    expect([starts, next.isActive]).toEqual([0, true]);
  });

  it.each<[string, string, unknown, object]>([
    ['no name', '', () => undefined, {}],
    ['no function', 'job', undefined, {}],
    ['an unknown option', 'job', () => undefined, { ttl: 5 }],
    ['a wrong option', 'job', () => undefined, { ttlMs: 5 }],
  ])('refuses %s', (_, name, start, wrong) => {
    const refused = (): unknown =>
      createSingleton(name, start as StartSingleton, wrong, startProcess());
    expect(refused).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
