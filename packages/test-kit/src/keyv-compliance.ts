// Test process: Keyv's own published suites, on a store of Keyv that stands on the shared state.
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import type { KeyvStore } from '@corral/core';
import Keyv6 from 'keyv';
import Keyv5 from 'keyv5';
import * as vitest from 'vitest';
import { describe, expect, it } from 'vitest';

/**
 * The published suite is older than Keyv 6, where deleting several tells of each key. Keyv's own stores
 * fail this test, so it is replaced by what Keyv 6 documents.
 */
const CONTRADICTED = '.deleteMany([keys]) with nonexistent keys resolves to false';

/** @param createStore a new store on one and the same state; the suites clear it. */
export function describeKeyvCompliance(name: string, createStore: () => KeyvStore): void {
  // The titles and assertions are the suite's.
  /* oxlint-disable vitest/no-conditional-tests, vitest/valid-title, vitest/expect-expect */
  const test = {
    ...vitest,
    it(title: string, run: () => unknown) {
      if (title !== CONTRADICTED) {
        it(title, run);
        return;
      }
      it('.deleteMany([keys]) tells of each key whether it was there', async () => {
        const keyv = new Keyv6({ store: createStore() });
        await keyv.set('foo', 'bar');
        expect(await keyv.deleteMany(['foo', 'foo1'])).toEqual([true, false]);
      });
    },
  };
  /* oxlint-enable vitest/no-conditional-tests, vitest/valid-title, vitest/expect-expect */

  describe.each([
    ['Keyv 6', Keyv6],
    ['Keyv 5', Keyv5],
  ])(`%s: Keyv's compliance suite: ${name}`, (_version, Keyv) => {
    keyvTestSuite(test as never, Keyv as never, () => createStore() as never);
    keyvIteratorTests(test as never, Keyv as never, () => createStore() as never);
  });
}
