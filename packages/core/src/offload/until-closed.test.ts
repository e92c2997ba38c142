import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { deferred } from '../deferred.js';
import { untilClosed } from './until-closed.js';
import type { Values } from './until-closed.js';

interface Recorded {
  readonly values: AsyncIterable<unknown>;
  /** Resolves when it is asked for what never comes. */
  readonly waits: Promise<void>;
  readonly ends: () => number;
}

/** Yields what is given, and then nothing more. */
function idleAfter(...given: readonly unknown[]): Recorded {
  const waits = deferred<void>();
  const left = [...given];
  let ends = 0;
  const iterator: AsyncIterator<unknown> = {
    async next() {
      if (left.length > 0) return await Promise.resolve({ done: false, value: left.shift() });
      waits.resolve();
      return await new Promise(() => undefined);
    },
    async return() {
      ends += 1;
      return await Promise.resolve({ done: true, value: undefined });
    },
  };
  return {
    values: { [Symbol.asyncIterator]: () => iterator },
    waits: waits.promise,
    ends: () => ends,
  };
}

async function readAll(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const value of values) read.push(value);
  return read;
}

describe('values that are read until a port closes', () => {
  it.each<[string, Values]>([
    ['an array', ['a', 'b']],
    ['a string', 'ab'],
    ['promises', [Promise.resolve('a'), 'b']],
  ])('are all of them while it is open: %s', async (_, values) => {
    const { port1 } = new MessageChannel();
    expect(await readAll(untilClosed(port1, values))).toEqual(['a', 'b']);
    port1.close();
  });

  it('end in the middle of a wait, and are told so', async () => {
    const { port1, port2 } = new MessageChannel();
    const { values, waits, ends } = idleAfter('a');
    const read = readAll(untilClosed(port1, values));
    await waits;
    port2.close();
    expect(await read).toEqual(['a']);
    expect(ends()).toBe(1);
  });

  it('are not waited for when the port has closed before', async () => {
    const { port1, port2 } = new MessageChannel();
    const { values, ends } = idleAfter();
    const open = untilClosed(port1, values);
    port2.close();
    await once(port1, 'close');
    expect(await readAll(open)).toEqual([]);
    expect(ends()).toBe(1);
  });

  it('reject as they do, and are left as any other', async () => {
    const { port1 } = new MessageChannel();
    const failing = untilClosed(port1, 7 as unknown as Values);
    await expect(readAll(failing)).rejects.toThrow(TypeError);
    const { values, ends } = idleAfter('a');
    for await (const _ of untilClosed(port1, values)) break;
    expect(ends()).toBe(1);
    port1.close();
  });
});
