// Process tests: two clusters, as on two machines, that share one Redis are one to their users.
import {
  createSessionClient,
  freePort,
  probe,
  probeJson,
  spawnFixture,
  startRedisServer,
  waitFor,
} from '@corral/test-kit';
import type { Fixture, ProbeResponse, RedisServer } from '@corral/test-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';

const LIMIT = 100;
/** What a call may take in these clusters, and what a busy machine may add. */
const deadlineMs = 1_000 + 1_500;

interface Cluster {
  readonly fixture: Fixture;
  readonly url: string;
  /** Sets the log level of all; `expected`: the version that it is to follow. */
  setLevel(level: string, expected?: number): Promise<ProbeResponse & { readonly json: unknown }>;
  /** Of `cluster.status().config`. */
  config(): Promise<ConfigStatus>;
  /** Of a worker; resolves when the check of the state says so: it is not made anew each time. */
  health(state: 'up' | 'down'): Promise<ProbeResponse & { readonly json: unknown }>;
  /** Resolves when all of its processes have this version or a newer one. */
  reaches(version: number): Promise<ConfigStatus>;
}

interface ConfigStatus {
  readonly version: number;
  readonly value: unknown;
  readonly processes: Readonly<Record<string, number>>;
  readonly problem?: string;
  readonly shared: { readonly reachable: boolean };
}

const closing: Array<{ close(): Promise<void> }> = [];
let redis: RedisServer;
let first: Cluster;
let second: Cluster;

async function startCluster(): Promise<Cluster> {
  const port = await freePort();
  const fixture = spawnFixture(new URL('fixtures/shop.mjs', import.meta.url), {
    env: { PORT: String(port), REDIS_URL: redis.url, LOG_LEVEL: 'fatal' },
    deadlineMs: 50_000,
  });
  closing.push(fixture);
  await fixture.nextEvent('started');
  const url = `http://127.0.0.1:${port}`;
  const config = async (): Promise<ConfigStatus> =>
    (await probeJson(`${url}/config`)).json as ConfigStatus;
  return {
    fixture,
    url,
    setLevel: async (level, expected) =>
      await probeJson(`${url}/level/${level}?expected=${expected ?? ''}`, { method: 'POST' }),
    config,
    health: async (state) =>
      await waitFor(
        async () => {
          const answer = await probeJson(`${url}/health`);
          const { checks } = answer.json as { checks: { state: { status: string } } };
          return checks.state.status === state && answer;
        },
        { what: () => `the check of the state to be ${state}` },
      ),
    reaches: async (version) =>
      await waitFor(
        async () => {
          const status = await config();
          const { processes } = status;
          return Object.values(processes).every((each) => each >= version) && status;
        },
        { what: () => `configuration ${version} in all processes` },
      ),
  };
}

beforeAll(async () => {
  redis = await startRedisServer({ settings: { appendonly: 'yes', appendfsync: 'always' } });
  closing.push(redis);
  [first, second] = await Promise.all([startCluster(), startCluster()]);
});

afterAll(async () => {
  await Promise.all(closing.splice(0).map(async (each) => await each.close()));
});

it('they have one configuration, and one order of its versions', async () => {
  const { version } = await first.config();
  const outcomes = await Promise.all([
    first.setLevel('debug', version),
    second.setLevel('trace', version),
  ]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual([200, 409]);
  const winner = outcomes.find(({ status }) => status === 200)?.json;
  expect(winner).toMatchObject({ version: version + 1, applied: [0, 1, 2] });
  expect(outcomes.find(({ status }) => status === 409)?.json).toEqual({ code: 'CONFIG_CONFLICT' });

  const [atFirst, atSecond] = await Promise.all([
    first.reaches(version + 1),
    second.reaches(version + 1),
  ]);
  expect(atFirst).toEqual(atSecond);
  expect(Object.keys(atFirst.processes)).toEqual(['0', '1', '2']);
});

type Step = () => Promise<void> | void;
const outages: ReadonlyArray<readonly [string, Step, Step, string]> = [
  ['is stopped', () => redis.pause(), () => redis.resume(), 'warn'],
  ['is killed', async () => await redis.kill(), async () => await redis.start(), 'info'],
];

it.each(outages)(
  'while Redis %s, they serve the configuration that they have, say what they cannot do, and catch up',
  async (_, end, begin, level) => {
    const client = createSessionClient(first.url);
    expect((await client.send('POST', '/login')).status).toBe(200);
    const before = await first.config();
    await end();
    const startMs = performance.now();
    const refused = await Promise.all([1, 2, 3].map(async () => await first.setLevel('fatal')));
    expect(performance.now() - startMs).toBeLessThan(deadlineMs);
    for (const { status, json } of refused) {
      expect([status, json]).toEqual([503, { code: 'CONFIG_UNAVAILABLE' }]);
    }
    const { shared, problem, ...during } = await first.config();
    expect(during).toEqual({
      version: before.version,
      value: before.value,
      processes: before.processes,
    });
    expect(shared.reachable).toBe(false);
    expect(problem).toContain(`goes on with version ${before.version}`);
    expect(await first.health('down')).toMatchObject({
      status: 200,
      json: { status: 'degraded', ready: true, checks: { config: { status: 'down' } } },
    });
    const callsMs = performance.now();
    const calls = await Promise.all([
      client.send('GET', '/me'),
      probe(`${first.url}/alone`),
      // With keys of their own: what Redis has received while it was stopped, it does later.
      probe(`${first.url}/count?key=${level}`),
      probe(`${first.url}/run?key=${level}`),
      probe(`${first.url}/limited?key=${level}`),
    ]);
    expect(performance.now() - callsMs).toBeLessThan(deadlineMs);
    expect(calls.map(({ status, body }) => [status, body])).toEqual([
      [503, '{"code":"SESSION_UNAVAILABLE"}'],
      [500, '{"code":"STATE_UNAVAILABLE"}'],
      [500, '{"code":"STATE_UNAVAILABLE"}'],
      [500, '{"code":"STATE_UNAVAILABLE"}'],
      // By default, the limit would rather let too many pass than nobody.
      [200, 'passed'],
    ]);

    await begin();
    for (const cluster of [first, second]) {
      await waitFor(async () => (await cluster.config()).shared.reachable, {
        what: () => 'the store of the configuration',
      });
    }
    // Whether a change that got no answer is in force, Redis alone knows; all are of one mind.
    const { status, json } = await second.setLevel(level);
    expect(status).toBe(200);
    const { version } = json as { version: number };
    expect(version).toBeGreaterThan(before.version);
    expect((await first.reaches(version)).value).toEqual({ level });
    expect(await first.config()).not.toHaveProperty('problem');
    expect((await client.send('GET', '/me')).body).toBe('{"user":"ann"}');
    await first.health('up');
  },
);

/** The fencing tokens of those workers of a cluster that have begun the singleton. */
function mailersOf({ fixture }: Cluster): number[] {
  return [...fixture.stdout.matchAll(/^mailer (\d+)$/gm)].map(([, token]) => Number(token));
}

it('they share sessions, counts, limits, messages, exclusive work and singletons, also when one is killed', async () => {
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

  expect((await probe(`${first.url}/news/sale`, { method: 'POST' })).status).toBe(200);
  await waitFor(
    async () => ((await probeJson(`${second.url}/news`)).json as string[]).includes('sale'),
    { what: () => 'a message of one cluster in the other' },
  );

  const done = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => (await probe(`${either(index)}/run`)).body),
  );
  expect(done.filter((body) => body === 'done')).toHaveLength(1);

  const alone = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => (await probeJson(`${either(index)}/alone`)).json),
  );
  expect(alone).toEqual(Array.from({ length: 8 }, () => ({ inside: 1 })));

  // Who has the singleton, after all that Redis has been through.
  const last = Math.max(...mailersOf(first), ...mailersOf(second));
  const [killed, left] = mailersOf(first).includes(last) ? [first, second] : [second, first];
  killed.fixture.killGroup('SIGKILL');
  await killed.fixture.waitForExit();
  await waitFor(() => mailersOf(left).some((token) => token > last), {
    what: () => 'the singleton to move',
  });
  const tokens = [...mailersOf(first), ...mailersOf(second)];
  expect(new Set(tokens).size).toBe(tokens.length);

  const atLeft = createSessionClient(left.url);
  atLeft.cookie = atFirst.cookie;
  expect((await atLeft.send('GET', '/me')).body).toBe('{"user":"ann"}');
  expect((await probeJson(`${left.url}/count`)).json).toMatchObject({ value: 41 });
  expect((await probe(`${left.url}/limited`)).status).toBe(429);
});
