// Any process: the names of keys and channels in Redis. The layout is public: docs/redis.md shows it.

export interface KeySpace {
  stateKey(key: string): string;
  leaseKey(lease: string): string;
  channel(channel: string): string;
  /** A pattern for SCAN: all state keys that begin with `prefix`. */
  statePattern(prefix: string): string;
  /** The other way of {@link stateKey}, for what SCAN has found. */
  keyOf(found: string): string;
}

/**
 * @param prefix of the options
 * @param clientPrefix ioredis's `keyPrefix`: it puts that before keys by itself, but not before patterns
 *   and channels, and does not take it away from what SCAN finds
 */
export function createKeySpace(prefix: string, clientPrefix: string): KeySpace {
  const statePrefix = `${prefix}:state:`;
  return {
    stateKey: (key) => statePrefix + key,
    leaseKey: (lease) => `${prefix}:lease:${lease}`,
    channel: (channel) => `${clientPrefix}${prefix}:channel:${channel}`,
    statePattern: (start) => `${escapePattern(clientPrefix + statePrefix + start)}*`,
    keyOf: (found) => found.slice(clientPrefix.length + statePrefix.length),
  };
}

function escapePattern(text: string): string {
  return text.replace(/[*?[\]\\]/g, String.raw`\$&`);
}
