// Any process: the state for what Corral itself builds on it and compares or keeps as it is stored: without
// decoding and encoding it once more.
import type { BackendEntry, StateData, StateOperationResults } from './state-backend.js';
import type { StateStore } from './state-store.js';
import { decodeValue, encodeValue } from './value-codec.js';

/**
 * Some of {@link StateStore}'s members, with values as `encodeValue()` makes them. Wrong arguments they may also throw
 * at once.
 */
export interface EncodedState {
  getEntry(key: string): Promise<BackendEntry | undefined>;
  compareAndSet(
    key: string,
    expectedVersion: number,
    data: StateData | number,
    expiry?: { readonly ttlMs?: number },
  ): Promise<StateOperationResults['compareAndSet']>;
}

const known = new WeakMap<StateStore, EncodedState>();

export function provideEncoded(store: StateStore, encoded: EncodedState): void {
  known.set(store, encoded);
}

/** Of any store, one that somebody has wrapped as well. */
export function encodedState(store: StateStore): EncodedState {
  return known.get(store) ?? encoding(store);
}

function encoding(store: StateStore): EncodedState {
  const encodeEntry = ({
    value,
    version,
    expiresInMs,
  }: {
    readonly value: unknown;
    readonly version: number;
    readonly expiresInMs: number | undefined;
  }): BackendEntry => ({ data: encodeValue(value), version, expiresInMs: expiresInMs ?? -1 });
  return {
    async getEntry(key) {
      const entry = await store.getEntry(key);
      return entry && encodeEntry(entry);
    },
    async compareAndSet(key, expectedVersion, data, expiry) {
      const result = await store.compareAndSet(key, expectedVersion, decodeValue(data), expiry);
      if (result.ok) return result;
      return { ok: false, current: result.current && encodeEntry(result.current) };
    },
  };
}
