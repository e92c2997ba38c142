// Runner: how long new connections wait when one worker's event loop is blocked.
import { setTimeout as delay } from 'node:timers/promises';
import { probe } from '@corral/test-kit';
import { contestants } from '../contestants/index.mjs';
import { nowMs } from '../lib/clock.mjs';
import { accountOf, underLoad } from '../lib/load.mjs';
import { bySubject, goalOf, maxOf, medianOf } from '../lib/samples.mjs';
import { milliseconds, number } from '../lib/table.mjs';

const subjects = contestants.filter(({ hasWorkers = true }) => hasWorkers);
/** Corral's `stallMs` here; its default, 5,000, is as long as the block. */
const stallMs = 500;
/** A wait that people begin to notice. */
const noticeableMs = 100;
/** How long answers may lag behind the end of the block, in ms. */
const marginMs = 5_000;

/** @type {import('./index.mjs').Measurement} */
export const blocked = {
  id: 'blocked',
  title: 'One worker blocked',
  what: `A request blocks the event loop of one worker, while a prober opens a connection every 10 ms. Corral runs with \`stallMs: ${stallMs}\`; the others have no such setting.`,
  plans: {
    full: { rounds: 2, blockMs: 5_000, intervalMs: 10, beforeMs: 500 },
    quick: { rounds: 1, blockMs: 1_500, intervalMs: 10, beforeMs: 200 },
  },
  subjects,
  comparisons: [
    { what: 'longest wait', field: 'longestWaitMs', best: 'lowest', show: milliseconds },
    { what: 'connections that waited', field: 'noticeable', best: 'lowest', show: number },
  ],
  corral: { stallMs },

  async measure({ url }, { blockMs, intervalMs, beforeMs }) {
    const timeoutMs = blockMs + marginMs;
    const prober = { url, connections: 'new', intervalMs, timeoutMs };
    const { result: blockedAtMs, reports } = await underLoad([prober], async () => {
      await delay(beforeMs);
      const atMs = nowMs();
      // Where the worker is replaced meanwhile, this request has no answer; nobody waits for it here.
      const answer = probe(new URL(`/block?ms=${blockMs}`, url), { timeoutMs }).catch(
        () => undefined,
      );
      await Promise.all([answer, delay(blockMs)]);
      return atMs;
    });
    const [report] = reports;
    const during = report.samples.filter(
      ({ sentAtMs }) => sentAtMs >= blockedAtMs && sentAtMs < blockedAtMs + blockMs,
    );
    const waits = during.map(({ tookMs }) => tookMs);
    return {
      probes: during.length,
      longestWaitMs: Math.max(...waits),
      noticeable: waits.filter((tookMs) => tookMs > noticeableMs).length,
      prober: accountOf(report),
      lost: report.failures.length,
    };
  },

  tabulate(samples) {
    const found = bySubject(subjects, samples);
    const slots = found.find(({ id }) => id === 'corral-slots');
    return {
      head: [
        '',
        'longest wait',
        'worst round',
        'new connections',
        `waited > ${noticeableMs} ms`,
        'lost',
      ],
      rows: found.map((each) => [
        each.name,
        milliseconds(medianOf(each, 'longestWaitMs')),
        milliseconds(maxOf(each, 'longestWaitMs')),
        number(medianOf(each, 'probes')),
        number(medianOf(each, 'noticeable')),
        number(medianOf(each, 'lost')),
      ]),
      goals: goalOf(
        `no new connection to Corral (slots) waits longer than stallMs + 100 ms (${stallMs + 100} ms)`,
        slots && maxOf(slots, 'longestWaitMs'),
        (waitMs) => waitMs <= stallMs + 100,
        milliseconds,
      ),
    };
  },
};
