// A contestant of `offload-pool`: one pool of threads in one process, kept busy by a closed loop of calls.
// The first argument names the pool, the second has the settings as JSON.
import { createHistogram } from 'node:perf_hooks';
import { peerFile } from '../../lib/peers.mjs';

const [, , name, settings] = process.argv;
const { threads, lanes, warmUpMs, durationMs } = JSON.parse(settings);
const tasks = new URL('tasks.mjs', import.meta.url);

/** Each returns a function that has a thread echo a value. */
const pools = {
  async corral() {
    const { bootstrap } = await import('@corral/core');
    const cluster = await bootstrap(() => undefined, { workers: 0, offload: { threads } });
    const { echo } = cluster.offload(tasks, { maxQueue: lanes });
    return echo;
  },
  async piscina() {
    const { Piscina } = await import('piscina');
    const filename = tasks.pathname;
    const pool = new Piscina({ filename, maxThreads: threads, minThreads: threads });
    return async (value) => await pool.run(value, { name: 'echo' });
  },
  async tinypool() {
    const { Tinypool } = await import(peerFile('tinypool/dist/index.js'));
    const filename = tasks.href;
    const pool = new Tinypool({ filename, maxThreads: threads, minThreads: threads });
    return async (value) => await pool.run(value, { name: 'echo' });
  },
  async workerpool() {
    const { default: workerpool } = await import(peerFile('workerpool/src/index.js'));
    const script = new URL('workerpool-thread.mjs', import.meta.url).pathname;
    const options = { minWorkers: threads, maxWorkers: threads, workerType: 'thread' };
    const pool = workerpool.pool(script, options);
    return async (value) => await pool.exec('echo', [value]);
  },
  async 'new-worker'() {
    const { Worker } = await import('node:worker_threads');
    const script = new URL('single-task-thread.mjs', import.meta.url);
    return async (value) =>
      await new Promise((resolve, reject) => {
        const worker = new Worker(script, { workerData: value });
        worker.once('message', resolve);
        worker.once('error', reject);
      });
  },
};

const echo = await pools[name]();
const latency = createHistogram();
let count = 0;

async function keepBusyUntil(endMs, isCounted) {
  const lane = async () => {
    while (performance.now() < endMs) {
      const startMs = performance.now();
      await echo({ text: 'offload', numbers: [1, 2, 3] });
      if (!isCounted) continue;
      count += 1;
      latency.record(Math.max(1, Math.round((performance.now() - startMs) * 1_000)));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

await keepBusyUntil(performance.now() + warmUpMs, false);
const startMs = performance.now();
await keepBusyUntil(startMs + durationMs, true);
const tasksPerSecond = (count * 1_000) / (performance.now() - startMs);
const p50Ms = latency.percentile(50) / 1_000;
const p99Ms = latency.percentile(99) / 1_000;
process.send({ event: 'measured', tasksPerSecond, p50Ms, p99Ms }, () => process.exit(0));
