// How values and messages are written in Redis.
import { expect, test } from 'vitest';
import { fromMessage, fromStored, newVersion, toMessage, toStored } from './stored-value.js';

function written(version: number, data: Parameters<typeof toStored>[1]): Buffer {
  return Buffer.from(toStored(version, data) as string);
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
  expect(fromMessage(Buffer.from(toMessage(data) as string))).toEqual(data);
});

test('a window on a larger piece of memory is stored alone', () => {
  const all = new Uint8Array([1, 2, 3, 4]);
  expect(toMessage(all.subarray(1, 3))).toEqual(Buffer.from('b \u0002\u0003'));
});

test('versions are safe integers of sixteen digits, of which none comes twice', () => {
  const versions = Array.from({ length: 10_000 }, newVersion);
  expect(new Set(versions)).toHaveLength(versions.length);
  for (const version of versions) {
    expect(Number.isSafeInteger(version)).toBe(true);
    expect(String(version)).toHaveLength(16);
  }
});

test('a version that is none of these is written as long, to be compared with them', () => {
  expect(String(toStored(7, 'x'))).toBe('0000000000000007 s x');
  expect(fromStored(written(7, 'x')).version).toBe(7);
});

test('what Corral has not written is refused as a value, and no message', () => {
  const foreign = Buffer.from('somebody else’s');
  expect(() => fromStored(foreign)).toThrow(expect.objectContaining({ code: 'STATE_UNAVAILABLE' }));
  expect(fromMessage(foreign)).toBeUndefined();
});
