// Primary: whether two servers would listen on the same address and port. Pure.
import type { ListenQuery } from '../protocol/messages.js';

/** libuv's UV_TCP_IPV6ONLY. */
const IPV6_ONLY = 1;

/** Whether the kernel would refuse the second of two ordinary listening sockets. */
export function overlaps(one: ListenQuery, other: ListenQuery): boolean {
  if (one.port !== other.port || one.port <= 0) return false;
  const isOnSameFamily = familiesOf(one).some((family) => familiesOf(other).includes(family));
  return (
    isOnSameFamily && (isEverywhere(one) || isEverywhere(other) || one.address === other.address)
  );
}

function isEverywhere({ address }: ListenQuery): boolean {
  return address === null || address === '::' || address === '0.0.0.0';
}

function familiesOf({ address, flags }: ListenQuery): readonly number[] {
  if (address === null || address === '::') return (flags & IPV6_ONLY) === 0 ? [4, 6] : [6];
  return address.includes(':') ? [6] : [4];
}
