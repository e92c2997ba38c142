// Runner: counters that all workers share: in the primary's memory, or on a Redis on the same
// machine. Two workers count at the same time, whatever the number of cores.
import { fileURLToPath } from 'node:url';
import { spawnFixture, startRedisServer } from '@corral/test-kit';
import { bySubject, goalOf, medianOf, ratioOf } from '../lib/samples.mjs';
import { median, sum } from '../lib/stats.mjs';
import { number, ratio } from '../lib/table.mjs';

const program = fileURLToPath(new URL('../programs/shared-state.mjs', import.meta.url));
const workers = 2;
const concurrencies = [1, 16, 128];

const subjects = [
  { id: 'embedded', name: 'cluster.state, embedded', hasWorkers: false, start: startCluster },
  {
    id: 'ioredis',
    name: 'Redis, ioredis with auto-pipelining',
    hasWorkers: false,
    async start() {
      const server = await startRedisServer();
      const cluster = await startCluster({ id: 'ioredis', url: server.url });
      return {
        ...cluster,
        async stop() {
          await cluster.stop();
          await server.close();
        },
      };
    },
  },
];

async function startCluster({ id = 'embedded', url } = {}) {
  const fixture = spawnFixture(program, {
    env: {
      BENCH_CLIENT: id,
      BENCH_REDIS_URL: url,
      BENCH_WORKERS: String(workers),
      LOG_LEVEL: 'warn',
      NODE_ENV: 'production',
    },
    deadlineMs: 60_000,
  });
  await fixture.nextEvent('ready');
  return {
    async measure(concurrency, seconds) {
      fixture.send({ concurrency, seconds });
      const { results } = await fixture.nextEvent('measured');
      return {
        perSecond: sum(results.map(({ perSecond }) => perSecond)),
        p50Ms: median(results.map(({ p50Ms }) => p50Ms)),
        p99Ms: Math.max(...results.map(({ p99Ms }) => p99Ms)),
      };
    },
    stop: async () => await fixture.close(),
  };
}

/** @type {import('./index.mjs').Measurement} */
export const state = {
  id: 'state',
  title: 'Shared state: the embedded store and Redis',
  what: 'Increments a second of two workers together, each with 1, 16 and 128 at a time, on 1,000 keys; and how long one takes. Redis runs on the same machine.',
  plans: {
    full: { rounds: 7, warmUpSeconds: 1, seconds: 1 },
    quick: { rounds: 1, warmUpSeconds: 0.3, seconds: 0.3 },
  },
  subjects,
  comparisons: [],

  async measure(running, { warmUpSeconds, seconds }) {
    const sample = {};
    for (const concurrency of concurrencies) {
      await running.measure(concurrency, warmUpSeconds);
      const { perSecond, p50Ms, p99Ms } = await running.measure(concurrency, seconds);
      sample[`perSecondAt${concurrency}`] = perSecond;
      sample[`p50MsAt${concurrency}`] = p50Ms;
      sample[`p99MsAt${concurrency}`] = p99Ms;
    }
    return sample;
  },

  tabulate(samples) {
    const present = bySubject(subjects, samples);
    const embedded = present.find(({ id }) => id === 'embedded');
    const redis = present.find(({ id }) => id === 'ioredis');
    const times = (field) => ratioOf(embedded, redis, field);
    return {
      head: ['', 'at a time', 'increments/s', 'p50', 'p99', 'embedded ÷ Redis'],
      rows: concurrencies.flatMap((concurrency) =>
        present.map((each) => [
          each.name,
          number(concurrency),
          number(medianOf(each, `perSecondAt${concurrency}`)),
          `${number(medianOf(each, `p50MsAt${concurrency}`), 3)} ms`,
          `${number(medianOf(each, `p99MsAt${concurrency}`), 3)} ms`,
          ratio(each === embedded ? times(`perSecondAt${concurrency}`) : undefined),
        ]),
      ),
      goals: [
        ...goalOf(
          'p50 of one at a time: no longer than on Redis',
          times('p50MsAt1'),
          (value) => value <= 1,
          ratio,
        ),
        ...[16, 128].flatMap((concurrency) =>
          goalOf(
            `${concurrency} at a time: at least 2 × Redis`,
            times(`perSecondAt${concurrency}`),
            (value) => value >= 2,
            ratio,
          ),
        ),
      ],
    };
  },
};
