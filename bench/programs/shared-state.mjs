// Contestant of measurement `state`: a cluster whose workers count together, on the embedded store or on Redis
// as BENCH_CLIENT says, as often as the runner asks for it over IPC.
import { bootstrap } from '@corral/core';
import { Redis } from 'ioredis';

const keyCount = 1_000;
const keys = Array.from({ length: keyCount }, (_, index) => `count-${index}`);

const clients = {
  embedded: (cluster) => (key) => cluster.state.increment(key),
  ioredis() {
    const redis = new Redis(process.env.BENCH_REDIS_URL, { enableAutoPipelining: true });
    return (key) => redis.incr(key);
  },
};

/** Calls a second, and how long they take, with so many at a time. */
async function measure(increment, { concurrency, seconds }) {
  const latenciesMs = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  let done = 0;
  const lane = async () => {
    for (let beforeMs = performance.now(); beforeMs < endMs;) {
      await increment(keys[done++ % keyCount]);
      const nowMs = performance.now();
      latenciesMs.push(nowMs - beforeMs);
      beforeMs = nowMs;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const perSecond = (done * 1_000) / (performance.now() - startMs);
  const sorted = Float64Array.from(latenciesMs).sort();
  const quantile = (ratio) => sorted[Math.floor((sorted.length - 1) * ratio)];
  return { perSecond, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

const cluster = await bootstrap(
  (worker) => {
    const increment = clients[process.env.BENCH_CLIENT](worker);
    worker.respond('measure', async (load) => await measure(increment, load));
  },
  { workers: Number(process.env.BENCH_WORKERS), stallMs: 0 },
);

if (cluster.role === 'primary') {
  const workerIds = (await cluster.status()).workers.map(({ workerId }) => workerId);
  process.on('message', (load) => {
    const all = workerIds.map((id) => cluster.request(id, 'measure', load, { timeoutMs: 60_000 }));
    void Promise.all(all).then((results) => process.send({ event: 'measured', results }));
  });
  process.send({ event: 'ready' });
}
