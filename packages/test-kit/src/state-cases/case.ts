// Test process and fixtures: what one case of the state store's contract is given.
import { waitFor } from '../wait-for.js';
import type { StateStore } from '@corral/core';

/**
 * One case of the contract. It asserts with `node:assert`, so that a worker of a cluster, where there is
 * no test runner, can run it too.
 */
export interface StateStoreCase {
  readonly title: string;
  run(context: StateCaseContext): Promise<void>;
}

export interface StateCaseContext {
  /** A namespace of this case alone. */
  readonly store: StateStore;
  /** The same namespace through another handle, as another process would have it. */
  readonly other: StateStore;
  /** Opens a further handle, for closing it. */
  open(): Promise<StateStore>;
  readonly maxValueBytes: number;
}

/** The handles may be one and the same where a process has only one. */
export function createCaseContext(handles: {
  readonly first: StateStore;
  readonly second: StateStore;
  readonly maxValueBytes: number;
  open(): Promise<StateStore>;
}): StateCaseContext {
  const name = `contract-${process.getBuiltinModule('node:crypto').randomUUID()}`;
  return {
    store: handles.first.namespace(name),
    other: handles.second.namespace(name),
    open: async () => await handles.open(),
    maxValueBytes: handles.maxValueBytes,
  };
}

/** Short enough to be awaited, and long enough to be seen before it has passed. */
export const SHORT_TTL_MS = 400;
/** Passes in no test. */
export const LONG_TTL_MS = 60_000;

/** Resolves when the key has expired. */
export async function untilGone(store: StateStore, key: string): Promise<void> {
  await waitFor(async () => !(await store.has(key)), { what: () => `${key} to expire` });
}
