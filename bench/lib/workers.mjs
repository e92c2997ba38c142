// Runner: looks at a contestant from the outside, by who answers.
import { setTimeout as delay } from 'node:timers/promises';
import { probe } from '@corral/test-kit';
import { WORKER_HEADER } from '../apps/http-app.mjs';
import { nowMs } from './clock.mjs';

/** How often to ask, in ms. */
const askIntervalMs = 10;
/** No answer by then is none: a worker that dies can leave a connection hanging for good. */
const askTimeoutMs = 5_000;
const maxPending = 16;

/** The worker that answers a new connection. @returns {Promise<string>} `pid:thread` */
export async function askWorker(url) {
  const { headers } = await probe(url, { timeoutMs: askTimeoutMs });
  return String(headers[WORKER_HEADER]);
}

/** The process that a worker's name belongs to. @param {string} worker */
export function pidOf(worker) {
  return Number(worker.split(':')[0]);
}

/**
 * Asks on new connections until so many workers have answered that are none of `except`. Does not wait
 * for one answer before it asks again: the next worker may answer where this one hangs.
 *
 * @param {string} url
 * @param {{ count: number, except?: ReadonlySet<string>, signal?: AbortSignal, deadlineMs?: number }} options
 *   `deadlineMs`: from now, default 30,000
 * @returns {Promise<{ workers: Set<string>, firstAtMs: number | undefined }>} fewer than `count` when the
 *   deadline has passed or the signal is aborted; `firstAtMs`: when the first of them answered
 */
export async function findWorkers(url, { count, except = new Set(), signal, deadlineMs = 30_000 }) {
  const endMs = nowMs() + deadlineMs;
  /** @type {Set<string>} */
  const workers = new Set();
  let firstAtMs;
  let pending = 0;
  const ask = async () => {
    pending += 1;
    try {
      const worker = await askWorker(url);
      if (except.has(worker)) return;
      firstAtMs ??= nowMs();
      workers.add(worker);
    } catch {
      // Not there yet, or just going.
    } finally {
      pending -= 1;
    }
  };
  while (workers.size < count && nowMs() < endMs && !signal?.aborted) {
    if (pending < maxPending) void ask();
    await delay(askIntervalMs);
  }
  return { workers, firstAtMs };
}
