// Runner: what Corral and its adapters add to each request of Fastify, Express and Nest.
import { startProgram } from '../contestants/program.mjs';
import { bySubject, goalOf, maxOf, medianOf, minOf, ratioOf } from '../lib/samples.mjs';
import { number, ratio } from '../lib/table.mjs';

const frameworks = [
  { id: 'fastify', name: 'Fastify' },
  { id: 'express', name: 'Express' },
  { id: 'nest', name: 'Nest' },
];
/** Those without Corral come first: every other row is a multiple of theirs. */
const variants = [
  { id: 'node-cluster', name: 'node:cluster' },
  { id: 'core', name: 'Corral, no adapter' },
  { id: 'adapter', name: 'Corral with its adapter' },
];
const subjects = frameworks.flatMap((framework) =>
  variants.map((variant) => ({
    id: `${framework.id}-${variant.id}`,
    name: `${framework.name}: ${variant.name}`,
    start: ({ workers }) =>
      startProgram({
        file: 'framework.mjs',
        env: { BENCH_FRAMEWORK: framework.id, BENCH_VARIANT: variant.id },
        workers,
      }),
  })),
);
const field = 'requestsPerSecond';
const least = 0.97;

/** @type {import('./index.mjs').Measurement} */
export const adapters = {
  id: 'adapters',
  title: 'What the adapters add',
  what: 'The same app of each framework on keep-alive connections, run by the hand-written node:cluster, by Corral alone, and by Corral with the framework’s adapter.',
  plans: {
    full: { rounds: 4, warmUpSeconds: 1, seconds: 3, connections: 32 },
    quick: { rounds: 1, warmUpSeconds: 1, seconds: 1, connections: 32 },
  },
  subjects,
  comparisons: [],

  async measure({ url }, { warmUpSeconds, seconds, connections }, { client }) {
    const load = { url, newConnections: false, connections };
    await client.measure({ ...load, seconds: warmUpSeconds });
    return { ...(await client.measure({ ...load, seconds })) };
  },

  tabulate(samples) {
    const found = bySubject(subjects, samples);
    const sibling = (each, variant) =>
      found.find(({ id }) => id === `${each.id.split('-')[0]}-${variant}`);
    const over = (each, variant) =>
      each.id.endsWith(`-${variant}`) ? undefined : ratioOf(each, sibling(each, variant), field);
    const withAdapter = found.filter(({ id }) => id.endsWith('-adapter'));
    return {
      head: ['', 'requests/s', 'lowest', 'highest', '÷ without Corral', '÷ without the adapter'],
      rows: found.map((each) => [
        each.name,
        number(medianOf(each, field)),
        number(minOf(each, field)),
        number(maxOf(each, field)),
        ratio(over(each, 'node-cluster')),
        ratio(withAdapter.includes(each) ? over(each, 'core') : undefined),
      ]),
      goals: withAdapter.flatMap((each) =>
        goalOf(
          `${each.name}: at least ${least} × without the adapter`,
          over(each, 'core'),
          (value) => value >= least,
          ratio,
        ),
      ),
    };
  },
};
