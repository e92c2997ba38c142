// Runner: requests lost while a contestant's own reload replaces workers under load.
import { contestants } from '../contestants/index.mjs';
import { nowMs } from '../lib/clock.mjs';
import { accountOf, underLoad } from '../lib/load.mjs';
import { bySubject, goalOf } from '../lib/samples.mjs';
import { mergeCounts, sum } from '../lib/stats.mjs';
import { counted, milliseconds, number } from '../lib/table.mjs';
import { findWorkers } from '../lib/workers.mjs';

const subjects = contestants.filter(({ hasWorkers = true }) => hasWorkers);
/** How long after a reload the last old worker may still be seen, in ms. */
const settleTimeoutMs = 10_000;
/** A request without an answer by then is lost, in ms. */
const timeoutMs = 5_000;

/** @type {import('./index.mjs').Measurement} */
export const reload = {
  id: 'reload',
  title: 'Requests lost in reloads',
  what: 'Every worker is replaced again and again by the contestant’s own reload, while one client keeps its connections and another opens one for each request.',
  plans: {
    full: { rounds: 2, replacements: 20, lanes: 8, atMostMs: 45_000 },
    quick: { rounds: 1, replacements: 4, lanes: 8, atMostMs: 20_000 },
  },
  subjects,
  comparisons: [
    { what: 'requests lost', field: 'lost', best: 'lowest', show: number },
    { what: 'time for all replacements', field: 'tookMs', best: 'lowest', show: milliseconds },
  ],

  async measure({ url, workers, reload }, { replacements, lanes, atMostMs }) {
    const kinds = /** @type {const} */ (['keep-alive', 'new']);
    const loads = kinds.map((connections) => ({ url, connections, lanes, timeoutMs }));
    const { result, reports } = await underLoad(loads, () =>
      replaceAll({ url, workers, reload, replacements, atMostMs }),
    );
    const [kept, opened] = reports.map(accountOf);
    return { ...result, lost: kept.lost + opened.lost, keepAlive: kept, newConnections: opened };
  },

  tabulate(samples) {
    const found = bySubject(subjects, samples);
    const total = (each, kind, field) => sum(each.samples.map((sample) => sample[kind][field]));
    const lostOf = (each) => sum(each.samples.map(({ lost }) => lost));
    const errorsOf = (each) =>
      mergeCounts(
        each.samples.flatMap(({ keepAlive, newConnections }) => [
          keepAlive.errors,
          newConnections.errors,
        ]),
      );
    const slots = found.find(({ id }) => id === 'corral-slots');
    return {
      head: [
        '',
        'workers replaced',
        'seconds',
        'keep-alive: requests',
        'lost',
        'new connections: requests',
        'lost',
        'errors',
      ],
      rows: found.map((each) => [
        each.name,
        number(sum(each.samples.map(({ replaced }) => replaced))),
        number(sum(each.samples.map(({ tookMs }) => tookMs)) / 1_000),
        number(total(each, 'keepAlive', 'sent')),
        number(total(each, 'keepAlive', 'lost')),
        number(total(each, 'newConnections', 'sent')),
        number(total(each, 'newConnections', 'lost')),
        counted(errorsOf(each)),
      ]),
      goals: goalOf(
        'Corral (slots) loses none',
        slots && lostOf(slots),
        (lost) => lost === 0,
        number,
      ),
    };
  },
};

/**
 * Begins no further reload after `atMostMs`: a slow contestant is measured by fewer replacements.
 *
 * @returns {Promise<{ replaced: number, tookMs: number }>} how many workers were seen to be new
 */
async function replaceAll({ url, workers, reload, replacements, atMostMs }) {
  const startMs = nowMs();
  let current = workers;
  let replaced = 0;
  while (replaced < replacements && nowMs() - startMs < atMostMs) {
    const count = current.size;
    await reload();
    const found = await findWorkers(url, { count, except: current, deadlineMs: settleTimeoutMs });
    if (found.workers.size < count) {
      throw new Error(`after a reload, ${found.workers.size} of ${count} workers were new`);
    }
    current = found.workers;
    replaced += count;
  }
  return { replaced, tookMs: nowMs() - startMs };
}
