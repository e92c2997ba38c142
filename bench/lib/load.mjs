// Runner: starts and stops client processes. A process of their own keeps what the runner does in the
// meantime (start command lines, count workers) out of the times that clients measure.
import { spawnFixture } from '@corral/test-kit';
import { countBy } from './stats.mjs';

/**
 * @typedef {object} LoadSettings
 * @property {string} url
 * @property {'keep-alive' | 'new'} connections one connection a lane for as long as it lasts, or a new
 *   one for each request
 * @property {number} [lanes] closed loop: requests in flight at any time. Default 1
 * @property {number} [paceMs] closed loop: a lane's pause after each answer. Default 0
 * @property {number} [intervalMs] open loop instead: a request every so many ms
 * @property {number} [timeoutMs] a request without a complete answer by then is lost. Default 15,000
 */

/**
 * @typedef {object} LoadFailure a lost request; times as of `nowMs()`
 * @property {string} code such as `ECONNRESET`, `TIMEOUT`, `HTTP 503`
 * @property {boolean} isNewConnection false when its connection had served a request before
 * @property {string} [worker] who answered on its connection before
 * @property {number} sentAtMs
 * @property {number} failedAtMs
 */

/** @typedef {{ sentAtMs: number, tookMs: number, worker: string }} LoadSample of an answered request */

/**
 * @typedef {object} LoadReport
 * @property {number} sent
 * @property {number} answered
 * @property {LoadFailure[]} failures
 * @property {LoadSample[]} samples open loop only
 */

const program = new URL('load-process.mjs', import.meta.url);
// Longer than any measurement keeps a client.
const deadlineMs = 300_000;

/**
 * Starts a client; resolves when its first request has been answered.
 * @param {LoadSettings} settings
 */
async function startLoad(settings) {
  const client = spawnFixture(program, { args: [JSON.stringify(settings)], deadlineMs });
  try {
    await client.nextEvent('answered');
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    /** Sends no more, waits for what is in flight. @returns {Promise<LoadReport>} */
    async stop() {
      client.send('stop');
      const { report } = await client.nextEvent('report');
      await client.close();
      return report;
    },
    /** Ends it without a report. */
    close: () => client.close(),
  };
}

/**
 * Runs `work` while the clients do, and stops them.
 *
 * @template T
 * @param {readonly LoadSettings[]} settings
 * @param {() => Promise<T>} work
 * @returns {Promise<{ result: T, reports: LoadReport[] }>} one report for each of `settings`
 */
export async function underLoad(settings, work) {
  const loads = [];
  try {
    for (const each of settings) loads.push(await startLoad(each));
    const result = await work();
    const reports = await Promise.all(loads.map((load) => load.stop()));
    return { result, reports };
  } finally {
    await Promise.all(loads.map((load) => load.close()));
  }
}

/** What a sample keeps of a report. @param {LoadReport} report */
export function accountOf({ sent, failures }) {
  return { sent, lost: failures.length, errors: countBy(failures.map(({ code }) => code)) };
}
