// Which options are taken, and what they become.
import { expect, test } from 'vitest';
import type { RedisStateOptions } from './options.js';
import { resolveOptions } from './resolve-options.js';

const url = 'redis://127.0.0.1:6379';

test('options are completed and frozen', () => {
  const options = { url };
  const resolved = resolveOptions(options);
  expect(resolved).toEqual({
    source: options,
    prefix: 'corral',
    timeoutMs: 2_000,
    maxPending: 10_000,
  });
  expect(Object.isFrozen(resolved)).toBe(true);
});

test.each<[string, object]>([
  ['no source', {}],
  ['two sources', { url, cluster: [{ host: 'a', port: 1 }] }],
  ['an empty cluster', { cluster: [] }],
  ['no sentinels', { sentinels: [], name: 'x' }],
  ['an empty prefix', { url, prefix: '' }],
  ['no time', { url, timeoutMs: 0 }],
  ['a time that is none', { url, timeoutMs: 1.5 }],
  ['a time that is too long for timers', { url, timeoutMs: 3_000_000_000 }],
  ['no room', { url, maxPending: -1 }],
])('%s is refused', (_, options) => {
  expect(() => resolveOptions(options as RedisStateOptions)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  );
});
