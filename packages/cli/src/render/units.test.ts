import { expect, it } from 'vitest';
import {
  count,
  formatBytes,
  formatDuration,
  formatRatio,
  printable,
  printableJson,
  printableLine,
} from './units.js';

it.each([
  [0, '0s'],
  [999, '0s'],
  [7_900, '7s'],
  [60_000, '1m 0s'],
  [3_599_999, '59m 59s'],
  [3_600_000, '1h 0m'],
  [100 * 86_400_000 + 5 * 3_600_000, '100d 5h'],
])('%i ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it('has units of bytes, shares and counts', () => {
  expect(formatBytes(0)).toBe('0.0 MiB');
  expect(formatBytes(64.25 * 1024 * 1024)).toBe('64.3 MiB');
  expect(formatBytes(1.5 * 1024 ** 3)).toBe('1.50 GiB');
  expect(formatRatio(0.346)).toBe('35%');
  expect(count(1, 'thread')).toBe('1 thread');
  expect(count(0, 'thread')).toBe('0 threads');
});

it('lets nothing through that a terminal would obey', () => {
  expect(printable('a\u001B[2J\u009B31m\tb\nc\r')).toBe('a\uFFFD[2J\uFFFD31m\tb\nc\uFFFD');
});

it('keeps what is to be one line one', () => {
  expect(printableLine('a\r\n  b\tc\u001B\n')).toBe('a\uFFFD b c\uFFFD ');
});

it('writes JSON that no terminal obeys, and that is the same', () => {
  const value = { '\u009B31m': ['\u007F', '\u001B', 'ä\u00A0'] };
  const text = printableJson(value);
  expect(text).toBe(
    '{\n  "\\u009b31m": [\n    "\\u007f",\n    "\\u001b",\n    "ä\u00A0"\n  ]\n}\n',
  );
  expect(JSON.parse(text)).toEqual(value);
});
