// Runner: starts a contestant whose root process is a program run by Node.js, and takes it down again.
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, spawnFixture } from '@corral/test-kit';
import { nowMs } from '../lib/clock.mjs';
import { findWorkers } from '../lib/workers.mjs';

/** How long a contestant may take to end by itself, in ms, before it is killed. */
const stopTimeoutMs = 5_000;
/** Longer than any reload takes. */
const deadlineMs = 300_000;

/**
 * @typedef {object} Running a contestant that serves, with all its workers
 * @property {string} url
 * @property {number} rootPid the process that supervises the workers; the only one where there is none
 * @property {number} firstReadyMs from its start to its first answer
 * @property {Set<string>} workers as they name themselves
 * @property {() => Promise<void>} [reload] the contestant's own; undefined where it has none
 * @property {() => Promise<void>} stop leaves no process behind
 */

/**
 * @typedef {object} StartSettings what a measurement asks for
 * @property {number} workers
 * @property {Record<string, unknown>} [corral] options of bootstrap(), for Corral's contestants
 */

/**
 * @typedef {object} Subject what a measurement compares: a contestant, or a variant of an app
 * @property {string} id
 * @property {string} name
 * @property {boolean} [hasWorkers] false: a single process. Default true
 * @property {() => string | undefined} [unavailable] why it cannot run here; undefined where it can
 * @property {(settings: StartSettings) => Promise<Running>} start
 */

/**
 * @param {object} program
 * @param {string} program.file relative to the folder bench/programs, or absolute
 * @param {readonly string[]} [program.args]
 * @param {string} [program.cwd]
 * @param {Record<string, string>} [program.env]
 * @param {number} program.workers
 * @param {'message' | ((pid: number) => Promise<void>)} [program.reload] how it reloads; `'message'`: it
 *   answers any message with `{ event: 'reloaded', error? }`
 * @returns {Promise<Running>}
 */
export async function startProgram({ file, args, cwd, env, workers, reload }) {
  const port = await freePort();
  const startedAtMs = nowMs();
  const fixture = spawnFixture(
    fileURLToPath(new URL(file, new URL('../programs/', import.meta.url))),
    {
      args,
      cwd,
      deadlineMs,
      env: { ...contestantEnv({ port, workers }), ...env },
    },
  );
  const exit = fixture.waitForExit();
  const stop = async () => {
    fixture.kill('SIGTERM');
    await Promise.race([exit, delay(stopTimeoutMs, undefined, { ref: false })]);
    await fixture.close();
  };
  try {
    const serving = await untilServing({ port, workers, startedAtMs, exit });
    return {
      ...serving,
      rootPid: fixture.pid,
      reload:
        reload === 'message'
          ? () => reloadByMessage(fixture)
          : reload && (() => reload(fixture.pid)),
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${tailOf(fixture.output)}`, { cause: error });
  }
}

/** What every contestant's processes get. */
export function contestantEnv({ port, workers }) {
  return {
    BENCH_PORT: String(port),
    BENCH_WORKERS: String(workers),
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
  };
}

/**
 * Waits until all workers have answered.
 *
 * @param {{ port: number, workers: number, startedAtMs: number, exit: Promise<unknown> }} started
 *   `exit` resolves when the contestant has ended, so that nobody waits for it in vain
 */
export async function untilServing({ port, workers: count, startedAtMs, exit }) {
  const url = `http://127.0.0.1:${port}/`;
  const ended = new AbortController();
  void exit.then(() => ended.abort());
  const { workers, firstAtMs } = await findWorkers(url, { count, signal: ended.signal });
  if (ended.signal.aborted) throw new Error('it ended while it was starting');
  if (workers.size < count)
    throw new Error(`only ${workers.size} of ${count} workers have answered`);
  return { url, workers, firstReadyMs: firstAtMs - startedAtMs };
}

/** @param {import('@corral/test-kit').Fixture} fixture */
async function reloadByMessage(fixture) {
  fixture.send('reload');
  /** @type {{ error?: string }} */
  const { error } = await fixture.nextEvent('reloaded');
  if (error !== undefined) throw new Error(`reload failed: ${error}`);
}

function tailOf(output) {
  return output.trim().split('\n').slice(-20).join('\n');
}
