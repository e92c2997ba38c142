// Runner: what users feel of work for a CPU: how long a short answer takes meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import { startProgram } from '../contestants/program.mjs';
import { accountOf, underLoad } from '../lib/load.mjs';
import { bySubject, goalOf, maxOf, medianOf } from '../lib/samples.mjs';
import { number, ratio } from '../lib/table.mjs';

const subjects = [
  { id: 'inline', name: 'in the worker itself' },
  { id: 'offloaded', name: 'offloaded' },
].map(({ id, name }) => ({
  id,
  name,
  start: ({ workers }) =>
    startProgram({
      file: 'offload/app.mjs',
      env: { BENCH_VARIANT: id },
      workers,
    }),
}));
/** How much longer a short answer may take while all threads are busy. */
const most = 3;

const p99 = (samples) => {
  const sorted = samples.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))];
};
const ms = (value) => `${number(value, 1)} ms`;

/** @type {import('./index.mjs').Measurement} */
export const offloadFast = {
  id: 'offload-fast',
  title: 'Offload: a short answer while others calculate',
  what: 'A prober asks for `/fast` on a new connection every 10 ms, first alone, then while `/calculate` (50 ms of work for a CPU) is asked for by more clients than there are cores.',
  plans: {
    full: { rounds: 3, idleMs: 3_000, busyMs: 6_000, lanes: 16, intervalMs: 10 },
    quick: { rounds: 1, idleMs: 1_000, busyMs: 2_000, lanes: 16, intervalMs: 10 },
  },
  subjects,
  comparisons: [],

  async measure({ url }, { idleMs, busyMs, lanes, intervalMs }) {
    const timeoutMs = 30_000;
    const prober = { url: `${url}fast`, connections: 'new', intervalMs, timeoutMs };
    const load = { url: `${url}calculate`, connections: 'keep-alive', lanes, timeoutMs };
    const idle = await underLoad([prober], () => delay(idleMs));
    const busy = await underLoad([load, prober], () => delay(busyMs));
    const [calculations, probes] = busy.reports;
    const idleP99Ms = p99(idle.reports[0].samples);
    const busyP99Ms = p99(probes.samples);
    return {
      idleP99Ms,
      busyP99Ms,
      timesIdle: busyP99Ms / idleP99Ms,
      calculationsPerSecond: (calculations.answered * 1_000) / busyMs,
      prober: accountOf(probes),
      load: accountOf(calculations),
    };
  },

  tabulate(samples) {
    const found = bySubject(subjects, samples);
    const offloaded = found.find(({ id }) => id === 'offloaded');
    return {
      head: [
        '/calculate is done',
        '/fast p99, idle',
        '/fast p99, busy',
        'worst round',
        '÷ idle',
        'calculations/s',
      ],
      rows: found.map((each) => [
        each.name,
        ms(medianOf(each, 'idleP99Ms')),
        ms(medianOf(each, 'busyP99Ms')),
        ms(maxOf(each, 'busyP99Ms')),
        ratio(medianOf(each, 'timesIdle')),
        number(medianOf(each, 'calculationsPerSecond')),
      ]),
      goals: goalOf(
        `offloaded, the p99 of /fast is at most ${most} × that of an idle server`,
        offloaded && medianOf(offloaded, 'timesIdle'),
        (value) => value <= most,
        ratio,
      ),
    };
  },
};
