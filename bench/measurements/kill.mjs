// Runner: what clients notice when one worker is killed under load.
import { setTimeout as delay } from 'node:timers/promises';
import { contestants } from '../contestants/index.mjs';
import { nowMs } from '../lib/clock.mjs';
import { accountOf, underLoad } from '../lib/load.mjs';
import { bySubject, goalOf, maxOf, medianOf } from '../lib/samples.mjs';
import { number, milliseconds } from '../lib/table.mjs';
import { askWorker, findWorkers, pidOf } from '../lib/workers.mjs';

// Watt's workers are threads of one process: there is no worker to kill.
const subjects = contestants.filter(({ id, hasWorkers = true }) => hasWorkers && id !== 'watt');

/** A request without an answer by then is lost, in ms. */
const timeoutMs = 5_000;

/** @type {import('./index.mjs').Measurement} */
export const kill = {
  id: 'kill',
  title: 'One worker killed (SIGKILL) under load',
  what: 'A request that the killed worker was answering is lost whatever one does; a connection that is opened later need not be, and should not wait for the replacement. A prober opens a connection every 5 ms. Watt is missing, since its workers are threads, which cannot be killed one by one.',
  plans: {
    full: { rounds: 3, lanes: 8, paceMs: 5, intervalMs: 5, beforeMs: 1_000, afterMs: 2_500 },
    quick: { rounds: 1, lanes: 8, paceMs: 5, intervalMs: 5, beforeMs: 500, afterMs: 1_500 },
  },
  subjects,
  comparisons: [
    { what: 'lost on later connections', field: 'lostLater', best: 'lowest', show: number },
    { what: 'longest wait', field: 'longestWaitMs', best: 'lowest', show: milliseconds },
    { what: 'time to a replacement', field: 'replacedAfterMs', best: 'lowest', show: milliseconds },
  ],

  async measure({ url, workers }, { lanes, paceMs, intervalMs, beforeMs, afterMs }) {
    const loads = [
      { url, connections: 'keep-alive', lanes, paceMs, timeoutMs },
      { url, connections: 'new', lanes, paceMs, timeoutMs },
      { url, connections: 'new', intervalMs, timeoutMs },
    ];
    const { result, reports } = await underLoad(loads, async () => {
      await delay(beforeMs);
      const victim = await askWorker(url);
      const killedAtMs = nowMs();
      process.kill(pidOf(victim), 'SIGKILL');
      const [{ firstAtMs }] = await Promise.all([
        findWorkers(url, { count: 1, except: workers }),
        delay(afterMs),
      ]);
      return { killedAtMs, replacedAfterMs: firstAtMs - killedAtMs };
    });
    const { killedAtMs, replacedAfterMs } = result;
    const [kept, opened, probed] = reports;
    const isLater = ({ sentAtMs }) => sentAtMs >= killedAtMs;
    return {
      keepAlive: accountOf(kept),
      newConnections: accountOf(opened),
      prober: accountOf(probed),
      // On connections that were open, or being opened, when the worker was killed.
      lostInFlight:
        kept.failures.length +
        [...opened.failures, ...probed.failures].filter((each) => !isLater(each)).length,
      lostLater: [...opened.failures, ...probed.failures].filter(isLater).length,
      longestWaitMs: Math.max(...probed.samples.filter(isLater).map(({ tookMs }) => tookMs)),
      replacedAfterMs,
    };
  },

  tabulate(samples) {
    const found = bySubject(subjects, samples);
    const slots = found.find(({ id }) => id === 'corral-slots');
    return {
      head: [
        '',
        'lost in flight',
        'lost on later connections',
        'longest wait',
        'worst round',
        'replacement serves after',
      ],
      rows: found.map((each) => [
        each.name,
        number(medianOf(each, 'lostInFlight')),
        number(medianOf(each, 'lostLater')),
        milliseconds(medianOf(each, 'longestWaitMs')),
        milliseconds(maxOf(each, 'longestWaitMs')),
        milliseconds(medianOf(each, 'replacedAfterMs')),
      ]),
      goals: [
        ...goalOf(
          'Corral (slots) loses nothing on connections opened later',
          slots && maxOf(slots, 'lostLater'),
          (lost) => lost === 0,
          number,
        ),
        ...goalOf(
          'no new connection to Corral (slots) waits longer than 100 ms',
          slots && maxOf(slots, 'longestWaitMs'),
          (waitMs) => waitMs <= 100,
          milliseconds,
        ),
      ],
    };
  },
};
