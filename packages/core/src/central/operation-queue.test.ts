import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deferred } from '../deferred.js';
import { createOperationQueue } from './operation-queue.js';

describe('the queue of operations', () => {
  it('runs one after another, in order', async () => {
    const queue = createOperationQueue();
    const seen: string[] = [];
    const first = deferred<string>();
    const one = queue.run(async () => {
      seen.push('one begins');
      const result = await first.promise;
      seen.push('one ends');
      return result;
    });
    const two = queue.run(async () => {
      seen.push('two');
      return await Promise.resolve(2);
    });
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(seen).toEqual(['one begins']);
    first.resolve('1');
    expect([await one, await two]).toEqual(['1', 2]);
    expect(seen).toEqual(['one begins', 'one ends', 'two']);
  });

  it('goes on after one that failed, which rejects as it failed', async () => {
    const queue = createOperationQueue();
    const error = new Error('no');
    const failed = queue.run(async () => await Promise.reject(error));
    const next = queue.run(async () => await Promise.resolve('next'));
    await expect(failed).rejects.toBe(error);
    expect(await next).toBe('next');
    expect(queue.isIdle).toBe(true);
  });

  it('is idle while nothing runs or waits', async () => {
    const queue = createOperationQueue();
    expect(queue.isIdle).toBe(true);
    const running = queue.run(async () => await Promise.resolve());
    const waiting = queue.run(async () => await Promise.resolve());
    expect(queue.isIdle).toBe(false);
    await running;
    expect(queue.isIdle).toBe(false);
    await waiting;
    expect(queue.isIdle).toBe(true);
  });

  it('never interleaves, whatever runs', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ turns: fc.nat(5), fails: fc.boolean() })),
        async (operations) => {
          const queue = createOperationQueue();
          const order: number[] = [];
          let running = 0;
          const results = operations.map(
            async ({ turns, fails }, index) =>
              await queue.run(async () => {
                running += 1;
                expect(running).toBe(1);
                for (let turn = 0; turn < turns; turn++) await Promise.resolve();
                order.push(index);
                running -= 1;
                if (fails) throw new Error(String(index));
                return index;
              }),
          );
          const settled = await Promise.allSettled(results);
          expect(order).toEqual(operations.map((_, index) => index));
          expect(settled.map(({ status }) => status)).toEqual(
            operations.map(({ fails }) => (fails ? 'rejected' : 'fulfilled')),
          );
          expect(queue.isIdle).toBe(true);
        },
      ),
    );
  });
});
