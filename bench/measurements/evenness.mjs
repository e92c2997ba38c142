// Runner: how evenly connections that stay open are spread over the workers.
import { contestants } from '../contestants/index.mjs';
import { openLongLived } from '../lib/long-lived.mjs';
import { bySubject, goalOf, maxOf, medianOf } from '../lib/samples.mjs';
import { countBy } from '../lib/stats.mjs';
import { number } from '../lib/table.mjs';

const subjects = contestants.filter(({ hasWorkers = true }) => hasWorkers);
const show = (value) => number(value, 2);

/** @type {import('./index.mjs').Measurement} */
export const evenness = {
  id: 'evenness',
  title: 'Evenness of 200 long-lived connections',
  what: 'Connections are opened one after another and kept. The figure is the busiest worker’s share of them, as a multiple of an even share (1 is even; with two workers 2 is everything on one).',
  plans: {
    full: { rounds: 2, connections: 200, intervalMs: 5 },
    quick: { rounds: 1, connections: 200, intervalMs: 2 },
  },
  subjects,
  comparisons: [{ what: 'busiest ÷ mean', field: 'maxToMean', best: 'lowest', show }],

  async measure({ url, workers }, { connections: count, intervalMs }) {
    const counts = countBy(await openLongLived({ url, count, intervalMs }));
    const perWorker = [...workers].map((worker) => counts[worker] ?? 0);
    return {
      perWorker: perWorker.toString(),
      maxToMean: Math.max(...perWorker) / (count / workers.size),
    };
  },

  tabulate(samples) {
    const found = bySubject(subjects, samples);
    const slots = found.find(({ id }) => id === 'corral-slots');
    return {
      head: ['', 'busiest ÷ mean', 'worst round'],
      rows: found.map((each) => [
        each.name,
        show(medianOf(each, 'maxToMean')),
        show(maxOf(each, 'maxToMean')),
      ]),
      goals: goalOf(
        'Corral (slots): at most 1.1',
        slots && maxOf(slots, 'maxToMean'),
        (value) => value <= 1.1,
        show,
      ),
    };
  },
};
