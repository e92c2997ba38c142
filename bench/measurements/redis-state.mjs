// Runner: what the Redis state store adds to the commands it sends, and how it compares
// with connect-redis, the session store that most Express apps use.
import { fileURLToPath } from 'node:url';
import { spawnFixture, startRedisServer } from '@corral/test-kit';
import { bySubject, goalOf, medianOf, ratioOf } from '../lib/samples.mjs';
import { number, ratio } from '../lib/table.mjs';

const program = fileURLToPath(new URL('../programs/redis-sessions.mjs', import.meta.url));
const operations = ['get', 'set', 'touch', 'increment', 'sessionGet', 'sessionSet', 'sessionTouch'];
const titles = {
  sessionGet: 'session store: get',
  sessionSet: 'session store: set',
  sessionTouch: 'session store: touch',
};
const concurrencies = [1, 16, 128];
const cases = operations.flatMap((operation) =>
  concurrencies.map((concurrency) => ({
    operation,
    concurrency,
    field: `${operation}At${concurrency}`,
  })),
);

const subjects = [
  clientSubject('store', 'Corral'),
  clientSubject('ioredis', 'ioredis, the same commands'),
  clientSubject('connect-redis', 'connect-redis (node-redis)'),
];

/** How many times the other's rate the store's must be. */
const goals = { ioredis: 0.95, 'connect-redis': 1 };

function clientSubject(id, name) {
  return { id, name, hasWorkers: false, start: () => startClient(id) };
}

async function startClient(id) {
  const server = await startRedisServer();
  const fixture = spawnFixture(program, {
    env: { BENCH_CLIENT: id, BENCH_REDIS_URL: server.url, NODE_ENV: 'production' },
    deadlineMs: 120_000,
  });
  await fixture.nextEvent('ready');
  return {
    async measure(operation, concurrency, seconds) {
      fixture.send({ operation, concurrency, seconds });
      return (await fixture.nextEvent('measured')).perSecond;
    },
    async stop() {
      await fixture.close();
      await server.close();
    },
  };
}

/** @type {import('./index.mjs').Measurement} */
export const redisState = {
  id: 'redis-state',
  title: 'Shared state on Redis',
  what: 'Calls a second from one process to a Redis on the same machine, with 1, 16 and 128 calls at a time: values of about 600 bytes read, written and touched, and counters incremented; then the same through express-session stores.',
  plans: {
    full: { rounds: 7, warmUpSeconds: 0.4, seconds: 0.6 },
    quick: { rounds: 1, warmUpSeconds: 0.1, seconds: 0.2 },
  },
  subjects,
  comparisons: [],

  async measure(running, { warmUpSeconds, seconds }) {
    const sample = {};
    for (const { operation, concurrency, field } of cases) {
      await running.measure(operation, concurrency, warmUpSeconds);
      const perSecond = await running.measure(operation, concurrency, seconds);
      if (perSecond !== undefined) sample[field] = perSecond;
    }
    return sample;
  },

  tabulate(samples) {
    const [store, ...others] = subjects.map(({ id, name }) => ({
      id,
      name,
      samples: bySubject(subjects, samples).find((each) => each.id === id)?.samples ?? [],
    }));
    /** One compares commands, the other session stores. */
    const compared = (other, { operation, field }) =>
      operation.startsWith('session') === (other.id === 'connect-redis')
        ? ratioOf(store, other, field)
        : undefined;
    return {
      head: ['', store.name, ...others.flatMap(({ name }) => [name, 'Corral ÷ this'])],
      rows: cases.map((each) => [
        titleOf(each),
        rateOf(store, each),
        ...others.flatMap((other) => [rateOf(other, each), ratio(compared(other, each))]),
      ]),
      goals: others.flatMap((other) =>
        cases.flatMap((each) =>
          goalOf(
            `${titleOf(each)}: at least ${goals[other.id]} × ${other.name}`,
            compared(other, each),
            (value) => value >= goals[other.id],
            ratio,
          ),
        ),
      ),
    };
  },
};

function titleOf({ operation, concurrency }) {
  return `${titles[operation] ?? operation}, ${concurrency} at a time`;
}

function rateOf(subject, { field }) {
  const measured = subject.samples.filter((sample) => sample[field] !== undefined);
  return measured.length === 0 ? '' : number(medianOf({ ...subject, samples: measured }, field));
}
