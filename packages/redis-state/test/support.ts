// Test process: how these tests run stores in processes of their own, and talk to them.
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import type { RedisStateOptions } from '@corral/redis-state';
import { spawnFixture } from '@corral/test-kit';
import type { Fixture, FixtureOptions } from '@corral/test-kit';

type Finishing = Pick<TestContext, 'onTestFinished'>;

/** Starts `test/fixtures/<name>` with options for its `redisState()`; ends it after the test. */
export function start(
  { onTestFinished }: Finishing,
  name: string,
  options: object,
  fixtureOptions: FixtureOptions = {},
): Fixture {
  const path = fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
  const fixture = spawnFixture(path, { args: [JSON.stringify(options)], ...fixtureOptions });
  onTestFinished(async () => {
    await fixture.close();
  });
  return fixture;
}

export interface Outcome {
  /** How long it took to settle, in ms. */
  readonly tookMs: number;
  readonly value?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly details?: unknown;
  };
}

export interface RemoteStore {
  readonly fixture: Fixture;
  /** Calls a member of the store, or one of the fixture's own. */
  call(name: string, ...args: readonly unknown[]): Promise<Outcome>;
}

/** A store in a process of its own. */
export function startStore(
  context: Finishing,
  options: RedisStateOptions & { readonly ownClient?: object },
  fixtureOptions?: FixtureOptions,
): RemoteStore {
  const fixture = start(context, 'store.mjs', options, fixtureOptions);
  let lastId = 0;
  return {
    fixture,
    async call(name, ...args) {
      lastId += 1;
      const id = lastId;
      fixture.send({ id, call: name, args: [...args] });
      const outcome = await fixture.nextEvent('outcome', (each) => each['id'] === id);
      return outcome as unknown as Outcome;
    },
  };
}

/** What a call comes to that Redis has certainly not executed. */
export const refused = {
  code: 'STATE_UNAVAILABLE',
  details: { mayHaveBeenExecuted: false },
} as const;

/** What a call comes to that Redis may have executed. */
export const doubtful = {
  code: 'STATE_UNAVAILABLE',
  details: { mayHaveBeenExecuted: true },
} as const;
