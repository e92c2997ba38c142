// Runner: requests a second of every contestant; what the measurements of throughput have in common.
import { contestants } from '../contestants/index.mjs';
import { bySubject, goalOf, maxOf, medianOf, minOf, ratioOf } from '../lib/samples.mjs';
import { number, ratio } from '../lib/table.mjs';

/**
 * @param {object} kind
 * @param {string} kind.id
 * @param {string} kind.title
 * @param {string} kind.what
 * @param {boolean} kind.newConnections
 * @param {Readonly<Record<string, number>>} kind.goals how many times the contestant's rate Corral's must be
 * @returns {import('./index.mjs').Measurement}
 */
export function throughputMeasurement({ id, title, what, newConnections, goals }) {
  return {
    id,
    title,
    what,
    plans: {
      full: { rounds: 5, warmUpSeconds: 1, seconds: 3, connections: 32 },
      quick: { rounds: 1, warmUpSeconds: 1, seconds: 1, connections: 32 },
    },
    subjects: contestants,
    comparisons: [
      { what: 'requests/s', field: 'requestsPerSecond', best: 'highest', show: number },
    ],

    async measure(running, { warmUpSeconds, seconds, connections }, { client }) {
      const load = { url: running.url, newConnections, connections };
      await client.measure({ ...load, seconds: warmUpSeconds });
      return { ...(await client.measure({ ...load, seconds })) };
    },

    tabulate(samples) {
      const subjects = bySubject(contestants, samples);
      const corral = subjects.find(({ id }) => id === 'corral-slots');
      const field = 'requestsPerSecond';
      return {
        head: ['', 'requests/s', 'lowest', 'highest', 'p99', 'errors', 'Corral (slots) ÷ this'],
        rows: subjects.map((each) => [
          each.name,
          number(medianOf(each, field)),
          number(minOf(each, field)),
          number(maxOf(each, field)),
          `${number(medianOf(each, 'p99Ms'), 1)} ms`,
          number(maxOf(each, 'errors')),
          ratio(each === corral ? undefined : ratioOf(corral, each, field)),
        ]),
        goals: Object.entries(goals).flatMap(([other, least]) => {
          const subject = subjects.find(({ id }) => id === other);
          return goalOf(
            `at least ${least} × ${subject?.name}`,
            ratioOf(corral, subject, field),
            (value) => value >= least,
            ratio,
          );
        }),
      };
    },
  };
}
