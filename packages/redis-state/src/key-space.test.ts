// The names of keys and channels.
import { expect, test } from 'vitest';
import { createKeySpace } from './key-space.js';

test('keys, leases and channels are apart', () => {
  const { stateKey, leaseKey, channel } = createKeySpace('app', '');
  expect([stateKey('x'), leaseKey('x'), channel('x')]).toEqual([
    'app:state:x',
    'app:lease:x',
    'app:channel:x',
  ]);
});

test('what ioredis puts before keys is part of patterns and channels, and taken off what is found', () => {
  const { stateKey, statePattern, channel, keyOf } = createKeySpace('app', 'team:');
  expect(statePattern('x')).toBe('team:app:state:x*');
  expect(channel('x')).toBe('team:app:channel:x');
  expect(keyOf(`team:${stateKey('x')}`)).toBe('x');
});

test('prefixes are taken literally', () => {
  expect(createKeySpace('a*', '').statePattern('[b]?\\')).toBe('a\\*:state:\\[b\\]\\?\\\\*');
});
