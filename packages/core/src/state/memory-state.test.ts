import { describeStateStoreContract } from '@corral/test-kit/state-contract';
import { afterAll, describe, expect, it } from 'vitest';
import { createStateStore } from './create-state-store.js';
import { createMemoryBackend, createMemoryState } from './memory-state.js';

const memory = createMemoryState();
afterAll(() => memory.close());

describeStateStoreContract('embedded, in one process', {
  open: () => createStateStore(memory.open(), { maxValueBytes: 10_000 }),
  maxValueBytes: 10_000,
});

describe('a listener of a channel', () => {
  it('that throws, or is asynchronous and rejects, is told to whoever made the store', async () => {
    const told: unknown[] = [];
    const store = createStateStore(createMemoryBackend(), {
      onListenerError: (error, channel) => void told.push([error, channel]),
    });
    const heard: unknown[] = [];
    await store.subscribe('news', () => {
      throw new Error('a bug');
    });
    await store.subscribe('news', async () => await Promise.reject(new Error('another')));
    await store.subscribe('news', (message) => void heard.push(message));
    await store.publish('news', 1);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(heard).toEqual([1]);
    expect(told).toEqual([
      [new Error('a bug'), 'news'],
      [new Error('another'), 'news'],
    ]);
    await store.close();
  });
});

describe('a memory backend', () => {
  it('gives no version that an earlier one gave', async () => {
    const versions: number[] = [];
    for (let count = 0; count < 2; count++) {
      const store = createStateStore(createMemoryBackend());
      versions.push(await store.set('key', 1), await store.set('key', 2));
      await store.close();
      // The clock that they begin with counts in ms.
      const startMs = Date.now();
      while (Date.now() === startMs);
    }
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBe(4);
  });
});
