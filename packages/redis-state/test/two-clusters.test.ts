// Process test: two clusters, as on two machines, that share one Redis are one to their users.
import {
  createSessionClient,
  freePort,
  probe,
  probeJson,
  spawnFixture,
  startRedisServer,
} from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { afterEach, expect, it } from 'vitest';

const LIMIT = 100;
const closing: Array<{ close(): Promise<void> }> = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map(async (each) => await each.close()));
});

async function startCluster(redisUrl: string): Promise<{ fixture: Fixture; url: string }> {
  const port = await freePort();
  const fixture = spawnFixture(new URL('fixtures/shop.mjs', import.meta.url), {
    env: { PORT: String(port), REDIS_URL: redisUrl, LOG_LEVEL: 'warn' },
    deadlineMs: 50_000,
  });
  closing.push(fixture);
  await fixture.nextEvent('started');
  return { fixture, url: `http://127.0.0.1:${port}` };
}

it('shares sessions, counts and limits with another cluster, also when that one is killed', async () => {
  const redis = await startRedisServer();
  closing.push(redis);
  const [first, second] = await Promise.all([startCluster(redis.url), startCluster(redis.url)]);
  const either = (index: number): string => (index % 2 === 0 ? first.url : second.url);

  const atFirst = createSessionClient(first.url);
  await atFirst.send('POST', '/login');
  const atSecond = createSessionClient(second.url);
  atSecond.cookie = atFirst.cookie;
  expect((await atSecond.send('GET', '/me')).body).toBe('{"user":"ann"}');

  const counts = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const { json } = await probeJson(`${either(index)}/count`);
      return (json as { value: number }).value;
    }),
  );
  expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));

  const statuses = await Promise.all(
    Array.from(
      { length: LIMIT + 50 },
      async (_, index) => (await probe(`${either(index)}/limited`)).status,
    ),
  );
  expect(statuses.filter((status) => status === 200)).toHaveLength(LIMIT);

  first.fixture.killGroup('SIGKILL');
  await first.fixture.waitForExit();
  expect((await atSecond.send('GET', '/me')).body).toBe('{"user":"ann"}');
  expect((await probeJson(`${second.url}/count`)).json).toMatchObject({ value: 41 });
  expect((await probe(`${second.url}/limited`)).status).toBe(429);
});
