// Process tests: the state store's contract on a single server, a Redis Cluster and behind Sentinels.
import { expect, test } from 'vitest';
import type { RedisStateOptions } from '@corral/redis-state';
import { startRedisCluster, startRedisSentinels, startRedisServer } from '@corral/test-kit';
import { stateStoreCases } from '@corral/test-kit/state-cases';
import { start } from './support.js';

interface Place {
  readonly options:
    | RedisStateOptions
    | { readonly own: { readonly url: string; readonly options: object } };
  close(): Promise<void>;
}

test.concurrent.for<{ readonly name: string; readonly open: () => Promise<Place> }>([
  {
    name: 'a single server',
    async open() {
      const server = await startRedisServer();
      return { options: { url: server.url }, close: server.close };
    },
  },
  {
    // With ioredis's defaults, but for what docs/redis.md asks for, and a prefix of the app's.
    name: 'a client of the app’s own',
    async open() {
      const server = await startRedisServer();
      const own = {
        url: server.url,
        options: { keyPrefix: 'app:', autoResendUnfulfilledCommands: false },
      };
      return { options: { own }, close: server.close };
    },
  },
  {
    name: 'a Redis Cluster',
    async open() {
      const cluster = await startRedisCluster();
      return { options: { cluster: cluster.nodes }, close: cluster.close };
    },
  },
  {
    name: 'a master behind Sentinels',
    async open() {
      const { sentinels, name, close } = await startRedisSentinels();
      return { options: { sentinels, name, prefix: 'other' }, close };
    },
  },
])('$name keeps the contract', async ({ open }, context) => {
  const { options, close } = await open();
  context.onTestFinished(close);
  const fixture = start(context, 'contract.mjs', options);

  expect(await fixture.waitForExit(), fixture.output).toEqual({ code: 0, signal: null });
  const cases = fixture.events.filter(({ event }) => event === 'case');
  expect(cases.filter(({ ok }) => ok !== true)).toEqual([]);
  expect(cases).toHaveLength(stateStoreCases.length);
});
