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
