// Test process: what every state store must do, run by vitest. The cases are in state-cases/.
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { StateStore } from '@corral/core';
import { createCaseContext } from './state-cases/case.js';
import { stateStoreCases } from './state-cases/index.js';

export interface StateStoreContractOptions {
  /**
   * A new handle on one and the same store, as another process would have: what one writes another sees,
   * and closing one leaves the others alone. The suite closes those it has asked for.
   */
  open(): StateStore | Promise<StateStore>;
  /** The largest value that the store takes, in bytes. */
  readonly maxValueBytes: number;
}

/**
 * One suite for all stores. Every case has a namespace of its own in the store, so that it may be one
 * that others use too.
 */
export function describeStateStoreContract(name: string, options: StateStoreContractOptions): void {
  const handles: StateStore[] = [];
  const open = async (): Promise<StateStore> => {
    const handle = await options.open();
    handles.push(handle);
    return handle;
  };

  describe(`state store contract: ${name}`, () => {
    let first: StateStore;
    let second: StateStore;

    beforeAll(async () => {
      first = await open();
      second = await open();
    });

    afterAll(async () => {
      await Promise.all(handles.map(async (handle) => await handle.close()));
    });

    // What a case asserts, it asserts with node:assert.
    // oxlint-disable-next-line vitest/expect-expect
    it.each(stateStoreCases)('$title', async ({ run }) => {
      await run(createCaseContext({ first, second, open, maxValueBytes: options.maxValueBytes }));
    });
  });
}
