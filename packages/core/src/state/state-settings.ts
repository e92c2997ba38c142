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
  /**
   * A file that the state is written to, relative to the working directory, and read from when the program
   * starts, so that it outlives a restart. Its directory must exist (`INVALID_OPTIONS`), and no other cluster
   * may have the same file. Only its owner can read it. Default: none.
   */
  readonly snapshotFile?: string;
  /**
   * How long to wait from the end of one writing to the beginning of the next, in ms: what a primary that is
   * killed loses at most, with the time that the writing takes. A shutdown writes in any case. Default 60,000.
   */
  readonly snapshotIntervalMs?: number;
}

export interface ResolvedStateSettings extends Required<Omit<StateSettings, 'snapshotFile'>> {
  readonly snapshotFile: string | undefined;
}

export const DEFAULT_STATE_SETTINGS: ResolvedStateSettings = {
  maxEntries: 1_000_000,
  maxBytes: 256 * 1024 * 1024,
  maxValueBytes: 1024 * 1024,
  onFull: 'reject',
  timeoutMs: 5_000,
  snapshotFile: undefined,
  snapshotIntervalMs: 60_000,
};

const METHODS = ['get', 'set', 'increment', 'acquireLease', 'publish', 'ping', 'close'] as const;

export function isStateStore(value: unknown): value is StateStore {
  return (
    typeof value === 'object' &&
    value !== null &&
    METHODS.every((method) => typeof Reflect.get(value, method) === 'function')
  );
}
