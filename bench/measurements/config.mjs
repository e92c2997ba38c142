// Runner: the configuration: how long a change takes until every worker has it.
import { fileURLToPath } from 'node:url';
import { spawnFixture } from '@corral/test-kit';
import { contestantEnv } from '../contestants/program.mjs';
import { bySubject, goalOf, medianOf, ratioOf } from '../lib/samples.mjs';
import { percentile } from '../lib/stats.mjs';
import { number, ratio } from '../lib/table.mjs';

const sizes = [2, 8, 32];
const raw = { id: 'raw', name: 'process.send', file: 'config-raw.mjs' };
const corral = { id: 'corral', name: 'Corral', file: 'config-corral.mjs' };
const subjects = sizes.flatMap((workers) =>
  [raw, corral].map(({ id, name, file }) => ({
    id: `config-${id}-${workers}`,
    name: `${name}, ${workers} workers`,
    start: () => startProgram(file, workers),
  })),
);
const ms = (value) => `${number(value, 2)} ms`;

async function startProgram(file, workers) {
  const path = fileURLToPath(new URL(`../programs/${file}`, import.meta.url));
  const fixture = spawnFixture(path, {
    env: contestantEnv({ port: 0, workers }),
    deadlineMs: 120_000,
  });
  await fixture.nextEvent('ready');
  return { fixture, stop: () => fixture.close() };
}

/** @type {import('./index.mjs').Measurement} */
export const config = {
  id: 'config',
  title: 'Configuration: a change until every worker has it',
  what: 'The primary changes one value of a small configuration and waits until all workers have answered, again and again. Against it: the same object with process.send to each worker, and an answer from each, without anything around it. Then 1,000 changes a second: how many there were, how late the primary’s event loop was, and how many workers seemed to have stalled (heartbeats every 250 ms, stalled after 1 s).',
  plans: {
    full: { rounds: 3, warmUps: 200, broadcasts: 500, ratePerSecond: 1_000, rateMs: 1_000 },
    quick: { rounds: 1, warmUps: 50, broadcasts: 200, ratePerSecond: 1_000, rateMs: 500 },
  },
  subjects,
  comparisons: [],

  async measure({ fixture }, plan) {
    fixture.send(plan);
    const { tookMs, perSecond, loopDelayP99Ms } = await fixture.nextEvent('measured');
    return {
      p50Ms: percentile(tookMs, 0.5),
      p99Ms: percentile(tookMs, 0.99),
      perSecond,
      loopDelayP99Ms,
      stalled: fixture.events.filter(({ event }) => event === 'stalled').length,
    };
  },

  tabulate(samples) {
    const found = bySubject(subjects, samples);
    const rawOf = ({ id }) => found.find((each) => each.id === id.replace('-corral-', '-raw-'));
    const isCorral = ({ id }) => id.includes('-corral-');
    const compared = (each, field) =>
      isCorral(each) ? ratioOf(each, rawOf(each), field) : undefined;
    return {
      head: ['', 'p50', '÷ raw', 'p99', '÷ raw', 'changes/s', 'loop delay p99', 'stalled'],
      rows: found.map((each) => [
        each.name,
        ms(medianOf(each, 'p50Ms')),
        ratio(compared(each, 'p50Ms')),
        ms(medianOf(each, 'p99Ms')),
        ratio(compared(each, 'p99Ms')),
        number(medianOf(each, 'perSecond')),
        ms(medianOf(each, 'loopDelayP99Ms')),
        number(medianOf(each, 'stalled')),
      ]),
      goals: [
        ...found
          .filter(isCorral)
          .flatMap((each) =>
            goalOf(
              `${each.name}: p50 at most 2 × process.send’s`,
              compared(each, 'p50Ms'),
              (value) => value <= 2,
              ratio,
            ),
          ),
        ...found
          .filter(isCorral)
          .flatMap((each) =>
            goalOf(
              `${each.name}: at 1,000 changes a second no worker seems to have stalled`,
              medianOf(each, 'stalled'),
              (value) => value === 0,
              number,
            ),
          ),
      ],
    };
  },
};
