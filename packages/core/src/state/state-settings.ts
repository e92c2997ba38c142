// Any process: the settings of the embedded store, as users write them and as they are filled in.
import type { StateStore } from './state-store.js';

/** Settings of the embedded store: `bootstrap(main, { state: { … } })`. All are optional. */
export interface StateSettings {
  /** How many keys there may be. Default 1,000,000. */
  readonly maxEntries?: number;
  /** How many bytes keys and values may have together, with 128 bytes for each. Default 256 MiB. */
  readonly maxBytes?: number;
  /** How large one value may be, encoded, in bytes. Default 1 MiB, but at most `maxBytes`. */
  readonly maxValueBytes?: number;
  /**
   * What happens when there is no room: `'reject'` (default) refuses with `STATE_FULL`; `'evict-lru'`
   * gives up what was used least recently, as a cache does. Leases are never given up.
   */
  readonly onFull?: 'reject' | 'evict-lru';
  /** How long a call may take, in ms. Default 5,000. */
  readonly timeoutMs?: number;
}

export type ResolvedStateSettings = Required<StateSettings>;

export const DEFAULT_STATE_SETTINGS: ResolvedStateSettings = {
  maxEntries: 1_000_000,
  maxBytes: 256 * 1024 * 1024,
  maxValueBytes: 1024 * 1024,
  onFull: 'reject',
  timeoutMs: 5_000,
};

const METHODS = ['get', 'set', 'increment', 'acquireLease', 'publish', 'ping', 'close'] as const;

export function isStateStore(value: unknown): value is StateStore {
  return (
    typeof value === 'object' &&
    value !== null &&
    METHODS.every((method) => typeof Reflect.get(value, method) === 'function')
  );
}
