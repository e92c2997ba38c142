// Runner: what it costs to be supervised: time to the first answer, and memory.
import { setTimeout as delay } from 'node:timers/promises';
import { contestants } from '../contestants/index.mjs';
import { rssBytes, treeAllocatedBytes } from '../lib/memory.mjs';
import { bySubject, medianOf, ratioOf } from '../lib/samples.mjs';
import { megabytes, milliseconds, ratio } from '../lib/table.mjs';

/** @type {import('./index.mjs').Measurement} */
export const footprint = {
  id: 'footprint',
  title: 'Start and memory',
  what: 'From the start (PM2: of the command line, without a daemon running) to the first answer; then the resident memory of the process that supervises (Watt and the single process: all there is), and what all processes together have allocated, Node’s own code left out.',
  plans: {
    full: { rounds: 3, settleMs: 1_000 },
    quick: { rounds: 1, settleMs: 500 },
  },
  subjects: contestants,
  comparisons: [
    { what: 'time to the first answer', field: 'firstReadyMs', best: 'lowest', show: milliseconds },
    { what: 'the primary’s memory', field: 'primaryRssBytes', best: 'lowest', show: megabytes },
    { what: 'memory of all processes', field: 'allocatedBytes', best: 'lowest', show: megabytes },
  ],

  async measure({ rootPid, firstReadyMs }, { settleMs }) {
    await delay(settleMs);
    return {
      firstReadyMs,
      primaryRssBytes: rssBytes(rootPid),
      allocatedBytes: treeAllocatedBytes(rootPid),
    };
  },

  tabulate(samples) {
    const found = bySubject(contestants, samples);
    const baseline = found.find(({ id }) => id === 'node-cluster');
    return {
      head: [
        '',
        'first answer',
        'primary’s memory',
        '÷ node:cluster’s primary',
        'allocated by all processes',
      ],
      rows: found.map((each) => [
        each.name,
        milliseconds(medianOf(each, 'firstReadyMs')),
        megabytes(medianOf(each, 'primaryRssBytes')),
        ratio(each === baseline ? undefined : ratioOf(each, baseline, 'primaryRssBytes')),
        megabytes(medianOf(each, 'allocatedBytes')),
      ]),
      goals: [],
    };
  },
};
