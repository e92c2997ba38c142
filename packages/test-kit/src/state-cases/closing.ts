// Test process and fixtures: what a store does once it is closed.
import assert from 'node:assert/strict';
import { LONG_TTL_MS } from './case.js';
import type { StateStoreCase } from './case.js';

export const closingCases: readonly StateStoreCase[] = [
  {
    title: 'rejects what comes after it was closed, and leaves other handles alone',
    async run({ store, open }) {
      const handle = await open();
      await handle.ping();
      const inner = handle.namespace('inner');
      const lease = await inner.acquireLease(`job-${process.pid}`, { ttlMs: LONG_TTL_MS });
      await lease?.release();
      await inner.close();
      await handle.close();
      const closed = { code: 'STATE_CLOSED' };
      await assert.rejects(async () => await handle.get('key'), closed);
      await assert.rejects(async () => await inner.set('key', 1), closed);
      await assert.rejects(async () => await handle.increment('key'), closed);
      await assert.rejects(async () => await handle.compareAndSet('key', 0, 1), closed);
      await assert.rejects(async () => await handle.entries().next(), closed);
      await assert.rejects(async () => await handle.clear('nothing'), closed);
      await assert.rejects(
        async () => await handle.acquireLease('job', { ttlMs: LONG_TTL_MS }),
        closed,
      );
      await assert.rejects(async () => await handle.publish('channel', 1), closed);
      await assert.rejects(async () => await handle.subscribe('channel', () => undefined), closed);
      await assert.rejects(async () => await handle.ping(), closed);
      await store.set('key', 'others go on');
      assert.equal(await store.get('key'), 'others go on');
    },
  },
  {
    title: 'settles every call that is pending when it is closed',
    async run({ open }) {
      const handle = await open();
      await handle.ping();
      const pending = Array.from({ length: 50 }, async (_, index) => await handle.get(`${index}`));
      const closing = handle.close();
      for (const result of await Promise.allSettled(pending)) {
        if (result.status === 'rejected') {
          assert.equal(Reflect.get(result.reason as object, 'code'), 'STATE_CLOSED');
        }
      }
      await closing;
    },
  },
];
