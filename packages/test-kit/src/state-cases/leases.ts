// Test process and fixtures: leases and their fencing tokens.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lease, StateStore } from '@corral/core';
import { waitFor } from '../wait-for.js';
import { LONG_TTL_MS } from './case.js';
import type { StateStoreCase } from './case.js';

const ttlMs = LONG_TTL_MS;
/** The shortest that a lease may have. */
const SHORTEST_TTL_MS = 100;

async function acquire(store: StateStore, name: string, options = { ttlMs }): Promise<Lease> {
  const lease = await store.acquireLease(name, options);
  assert.ok(lease, `${name} was free`);
  return lease;
}

async function acquireWhenFree(
  store: StateStore,
  name: string,
  options = { ttlMs },
): Promise<Lease> {
  return await waitFor(async () => await store.acquireLease(name, options), {
    what: () => `the lease ${name} to be free`,
  });
}

export const leaseCases: readonly StateStoreCase[] = [
  {
    title: 'gives a lease to one holder at a time, with ever higher tokens',
    async run({ store, other }) {
      const first = await acquire(store, 'job');
      assert.equal(first.name, 'job');
      assert.equal(first.signal.aborted, false);
      assert.ok(Number.isSafeInteger(first.fencingToken) && first.fencingToken > 0);
      assert.equal(await other.acquireLease('job', { ttlMs }), undefined);
      assert.equal(await store.acquireLease('job', { ttlMs }), undefined);
      assert.ok(await acquire(other, 'another job'));

      await first.release();
      assert.equal(first.signal.aborted, true);
      const second = await acquire(other, 'job');
      assert.ok(second.fencingToken > first.fencingToken);
      await first.release();
      assert.equal(await store.acquireLease('job', { ttlMs }), undefined);
      assert.equal(second.signal.aborted, false);
      await second.release();
      await second.release();
    },
  },
  {
    title: 'gives a lease to one of many who ask at once',
    async run({ store, other }) {
      const asked = Array.from(
        { length: 20 },
        async (_, index) => await (index % 2 === 0 ? store : other).acquireLease('job', { ttlMs }),
      );
      const leases = (await Promise.all(asked)).filter((lease) => lease !== undefined);
      assert.equal(leases.length, 1);
      await leases[0]?.release();
    },
  },
  {
    title: 'ends a lease by itself, and tells its holder',
    async run({ store, other }) {
      // On a busy machine a lease may have ended before the answer is there, and then there is none.
      const first = await acquireWhenFree(store, 'job', { ttlMs: SHORTEST_TTL_MS });
      const second = await acquireWhenFree(other, 'job');
      if (!first.signal.aborted) await once(first.signal, 'abort');
      assert.ok(second.fencingToken > first.fencingToken);
      assert.equal(await first.renew(), false);
      await first.release();
      assert.equal(await store.acquireLease('job', { ttlMs }), undefined);
      assert.equal(await second.renew(), true);
      await second.release();
    },
  },
  {
    title: 'keeps a lease that is renewed',
    async run({ store, other }) {
      const startedMs = performance.now();
      const lease = await acquire(store, 'job', { ttlMs: 20 * SHORTEST_TTL_MS });
      // Past the time that it was first given.
      while (performance.now() - startedMs < 22 * SHORTEST_TTL_MS) {
        assert.equal(await lease.renew(), true);
        assert.equal(await other.acquireLease('job', { ttlMs }), undefined);
        await delay(SHORTEST_TTL_MS / 4);
      }
      assert.equal(lease.signal.aborted, false);
      await lease.release();
      assert.equal(await lease.renew(), false);
      const next = await acquire(other, 'job');
      assert.ok(next.fencingToken > lease.fencingToken);
      await next.release();
    },
  },
  {
    title: 'keeps leases out of the keys, and of other namespaces',
    async run({ store }) {
      await store.set('job', 'a key of that name');
      const lease = await acquire(store, 'job');
      const elsewhere = await acquire(store.namespace('elsewhere'), 'job');
      const keys: string[] = [];
      for await (const [key] of store.entries()) keys.push(key);
      assert.deepEqual(keys, ['job']);
      await store.delete('job');
      assert.equal(await store.acquireLease('job', { ttlMs }), undefined);
      await Promise.all([lease.release(), elsewhere.release()]);
    },
  },
  {
    title: 'refuses leases that are none',
    async run({ store }) {
      const refused = { code: 'INVALID_ARGUMENT' };
      await assert.rejects(async () => await store.acquireLease('', { ttlMs }), refused);
      for (const ttlMs of [0, 99, 100.5, NaN, Infinity]) {
        await assert.rejects(async () => await store.acquireLease('job', { ttlMs }), refused);
      }
    },
  },
];
