// Runner: what the way to a thread and back costs, beside other pools.
import { fileURLToPath } from 'node:url';
import { spawnFixture } from '@corral/test-kit';
import { bySubject, goalOf, maxOf, medianOf, minOf, ratioOf } from '../lib/samples.mjs';
import { number, ratio } from '../lib/table.mjs';

const program = fileURLToPath(new URL('../programs/offload/pool.mjs', import.meta.url));
const field = 'tasksPerSecond';
/** Of Piscina, which Corral stands on; and of a new thread for each task. */
const least = { piscina: 0.95, newWorker: 20 };

const subjects = [
  { id: 'corral', name: 'Corral' },
  { id: 'piscina', name: 'Piscina' },
  { id: 'tinypool', name: 'tinypool' },
  { id: 'workerpool', name: 'workerpool' },
  { id: 'new-worker', name: 'a new Worker for each task' },
].map(({ id, name }) => ({
  id,
  name,
  // It measures itself: there is no server to wait for.
  start: async () => ({
    run: async (settings) => {
      const fixture = spawnFixture(program, {
        args: [id, JSON.stringify(settings)],
        env: { LOG_LEVEL: 'warn' },
        deadlineMs: 120_000,
      });
      try {
        const { event: _name, ...sample } = await fixture.nextEvent('measured');
        return sample;
      } finally {
        await fixture.close();
      }
    },
    stop: async () => undefined,
  }),
}));

const micros = (ms) => `${number(ms * 1_000)} µs`;

/** @type {import('./index.mjs').Measurement} */
export const offloadPool = {
  id: 'offload-pool',
  title: 'Offload: tasks a second',
  what: 'One process calls a function that returns its argument, in a closed loop: all that is measured is the way to a thread and back. Every pool has the same number of threads.',
  plans: {
    full: { rounds: 5, threads: 1, lanes: 16, warmUpMs: 1_000, durationMs: 3_000 },
    quick: { rounds: 1, threads: 1, lanes: 16, warmUpMs: 300, durationMs: 1_000 },
  },
  subjects,
  comparisons: [],

  async measure({ run }, { threads, lanes, warmUpMs, durationMs }) {
    return await run({ threads, lanes, warmUpMs, durationMs });
  },

  tabulate(samples) {
    const found = bySubject(subjects, samples);
    const [corral, piscina, newWorker] = ['corral', 'piscina', 'new-worker'].map((id) =>
      found.find((each) => each.id === id),
    );
    const goal = (other, times) =>
      goalOf(
        `Corral: at least ${times} × the tasks a second of ${other?.name}`,
        ratioOf(corral, other, field),
        (value) => value >= times,
        ratio,
      );
    return {
      head: ['', 'tasks/s', 'lowest', 'highest', 'p50', 'p99', 'Corral ÷'],
      rows: found.map((each) => [
        each.name,
        number(medianOf(each, field)),
        number(minOf(each, field)),
        number(maxOf(each, field)),
        micros(medianOf(each, 'p50Ms')),
        micros(medianOf(each, 'p99Ms')),
        ratio(each === corral ? undefined : ratioOf(corral, each, field)),
      ]),
      goals: [...goal(piscina, least.piscina), ...goal(newWorker, least.newWorker)],
    };
  },
};
