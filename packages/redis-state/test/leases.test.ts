// Process tests: no lease is held twice, whatever happens to its holders and to Redis.
import { expect, test } from 'vitest';
import type { RedisStateOptions } from '@corral/redis-state';
import { startRedisServer, waitFor } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { doubtful, start, startStore } from './support.js';

const ttlMs = 300;

test('a lease has one holder at a time, with ever higher tokens: kills, stops, restarts, lost data', async (context) => {
  const server = await startRedisServer({ settings: { appendonly: 'yes', appendfsync: 'always' } });
  context.onTestFinished(server.close);
  const options = { url: server.url, timeoutMs: 2 * ttlMs, ttlMs } as RedisStateOptions;
  const holders = Array.from({ length: 3 }, () => start(context, 'lease-holder.mjs', options));

  const stopped = await nextHolder(holders);
  stopped.kill('SIGSTOP');
  await nextHolder(holders.filter((each) => each !== stopped));
  stopped.kill('SIGCONT');

  const killed = await nextHolder(holders);
  killed.kill('SIGKILL');
  const others = holders.filter((each) => each !== killed);
  await nextHolder(others);

  await server.kill();
  await server.start();
  await nextHolder(others);

  await server.call('FLUSHALL');
  await nextHolder(others);
  await nextHolder(others);

  const tokens = holders.flatMap(tokensOf);
  expect(new Set(tokens).size).toBe(tokens.length);
  const held = holders.flatMap(heldBy).sort((a, b) => a.fencingToken - b.fencingToken);
  expect(held.length).toBeGreaterThan(1);
  for (const [index, { fencingToken, fromUs }] of held.entries()) {
    const before = held[index - 1];
    if (before === undefined) continue;
    expect(fencingToken).toBeGreaterThan(before.fencingToken);
    expect(fromUs).toBeGreaterThan(before.untilUs);
  }
});

test('a lease of which its holder has not heard is free as soon as Redis answers again', async (context) => {
  const server = await startRedisServer();
  context.onTestFinished(server.close);
  const options = { url: server.url, timeoutMs: 500 };
  const [store, other] = [startStore(context, options), startStore(context, options)];
  const forLong = { ttlMs: 600_000 };
  expect((await store.call('ping')).error).toBeUndefined();
  expect((await other.call('ping')).error).toBeUndefined();

  server.pause();
  expect((await store.call('acquireLease', 'job', forLong)).error).toMatchObject(doubtful);
  server.resume();
  await waitFor(
    async () => (await other.call('acquireLease', 'job', forLong)).value !== undefined,
    {
      what: () => 'the lease to be free',
    },
  );
});

/** Resolves with the first of them that acquires the lease from now on. */
async function nextHolder(holders: readonly Fixture[]): Promise<Fixture> {
  const known = new Set(holders.flatMap(tokensOf));
  return await waitFor(
    () => holders.find((holder) => tokensOf(holder).some((token) => !known.has(token))),
    { what: () => 'the lease to be acquired' },
  );
}

function tokensOf({ events }: Fixture): number[] {
  return events
    .filter(({ event }) => event === 'acquired')
    .map((event) => Number(event['fencingToken']));
}

interface Held {
  readonly fencingToken: number;
  fromUs: number;
  untilUs: number;
}

/** From when to when a process has certainly held the lease, each time that it did. */
function heldBy({ events }: Fixture): Held[] {
  const all = new Map<number, Held>();
  for (const { event, ...facts } of events) {
    if (event !== 'held') continue;
    const fencingToken = Number(facts['fencingToken']);
    const atUs = Number(facts['atUs']);
    const held = all.get(fencingToken) ?? { fencingToken, fromUs: atUs, untilUs: atUs };
    held.untilUs = atUs;
    all.set(fencingToken, held);
  }
  return [...all.values()];
}
