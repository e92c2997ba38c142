// Which servers cannot listen side by side.
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ListenQuery } from '../protocol/messages.js';
import { overlaps } from './listen-overlap.js';

const IPV6_ONLY = 1;

function query(address: string | null, port = 80, flags = 0): ListenQuery {
  const addressType = address === null ? 4 : (net.isIP(address) as 4 | 6);
  return { address, port, flags, addressType, index: 0 };
}

describe('two addresses', () => {
  it.each([
    [null, null],
    [null, '::'],
    [null, '0.0.0.0'],
    [null, '127.0.0.1'],
    [null, '::1'],
    ['::', '0.0.0.0'],
    ['::', '10.0.0.1'],
    ['0.0.0.0', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
  ])('%s and %s overlap on one port, and not on two', (one, other) => {
    expect(overlaps(query(one), query(other))).toBe(true);
    expect(overlaps(query(other), query(one))).toBe(true);
    expect(overlaps(query(one), query(other, 81))).toBe(false);
  });

  it.each([
    ['127.0.0.1', '::1'],
    ['10.0.0.1', '10.0.0.2'],
    ['0.0.0.0', '::1'],
    ['fe80::1', 'fe80::2'],
  ])('%s and %s do not', (one, other) => {
    expect(overlaps(query(one), query(other))).toBe(false);
    expect(overlaps(query(other), query(one))).toBe(false);
  });

  it('of which one is IPv6 only leave IPv4 to the other', () => {
    expect(overlaps(query('::', 80, IPV6_ONLY), query('0.0.0.0'))).toBe(false);
    expect(overlaps(query(null, 80, IPV6_ONLY), query('127.0.0.1'))).toBe(false);
    expect(overlaps(query('::', 80, IPV6_ONLY), query('::1'))).toBe(true);
  });

  it('with any free port are different ones, and so are Unix sockets', () => {
    expect(overlaps(query('::1', 0), query('::1', 0))).toBe(false);
    expect(overlaps(query('/run/app.sock', -1), query('/run/app.sock', -1))).toBe(false);
  });
});
