// Runner and report: all measurements, in the order of the report.
import { adapters } from './adapters.mjs';
import { blocked } from './blocked.mjs';
import { config } from './config.mjs';
import { evenness } from './evenness.mjs';
import { footprint } from './footprint.mjs';
import { keepAlive } from './keep-alive.mjs';
import { kill } from './kill.mjs';
import { newConnections } from './new-connections.mjs';
import { offloadFast } from './offload-fast.mjs';
import { offloadPool } from './offload-pool.mjs';
import { redisState } from './redis-state.mjs';
import { reload } from './reload.mjs';
import { state } from './state.mjs';

/**
 * @typedef {{ rounds: number } & Record<string, number>} Plan how long and how often; durations in ms
 *   unless the name says otherwise
 */

/**
 * @typedef {object} Comparison a field of the samples, a number
 * @property {string} what it is
 * @property {string} field
 * @property {'highest' | 'lowest'} best
 * @property {(value: number) => string} show
 */

/**
 * @typedef {object} Measurement
 * @property {string} id for the command line
 * @property {string} title
 * @property {string} what is measured, for the report
 * @property {{ full: Plan, quick: Plan }} plans
 * @property {readonly import('../contestants/program.mjs').Subject[]} subjects they take turns in this order
 * @property {readonly Comparison[]} comparisons by which the report finds where others are better
 * @property {Record<string, unknown>} [corral] options of bootstrap(), for Corral's contestants
 * @property {(running: import('../contestants/program.mjs').Running, plan: Plan, tools: { client:
 *   import('../lib/throughput.mjs').ThroughputClient }) => Promise<Record<string, unknown>>} measure
 *   takes one sample of a subject that has just been started
 * @property {(samples: readonly import('../lib/samples.mjs').Sample[]) => { head: string[], rows:
 *   string[][], goals: import('../lib/samples.mjs').Goal[] }} tabulate
 */

/** @type {readonly Measurement[]} */
export const measurements = Object.freeze([
  newConnections,
  keepAlive,
  reload,
  kill,
  blocked,
  evenness,
  footprint,
  adapters,
  offloadPool,
  offloadFast,
  redisState,
  config,
  state,
]);
