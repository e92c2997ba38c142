// How values and messages are written in Redis.
import { expect, test } from 'vitest';
import { fromMessage, fromStored, toStored } from './stored-value.js';

/** As the scripts write it. */
function written(version: number, data: Parameters<typeof toStored>[0]): Buffer {
  const digits = String(version).padStart(16, '0');
  return Buffer.concat([Buffer.from(`${digits} `), Buffer.from(toStored(data) as string)]);
}

test.each([
  ['text', 'plain'],
  ['text beyond ASCII', 'naïve 🐎 \n\0'],
  ['empty text', ''],
  ['a number', -42],
  ['a fraction', 0.1],
  ['a large number', 1.5e300],
  ['bytes', Buffer.from([0, 255, 10, 13])],
])('%s comes back as it was, in a value and in a message', (_, data) => {
  expect(fromStored(written(1_764_000_000_000_000, data))).toEqual({
    version: 1_764_000_000_000_000,
    data,
  });
  expect(fromMessage(Buffer.from(toStored(data) as string))).toEqual(data);
});

test('a window on a larger piece of memory is stored alone', () => {
  const all = new Uint8Array([1, 2, 3, 4]);
  expect(toStored(all.subarray(1, 3))).toEqual(Buffer.from('b \u0002\u0003'));
});

test('versions of clocks that are wrong are read too', () => {
  expect(fromStored(written(7, 'x')).version).toBe(7);
});

test('what Corral has not written is refused as a value, and no message', () => {
  const foreign = Buffer.from('somebody else’s');
  expect(() => fromStored(foreign)).toThrow(expect.objectContaining({ code: 'STATE_UNAVAILABLE' }));
  expect(fromMessage(foreign)).toBeUndefined();
});
