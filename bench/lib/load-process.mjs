// Client process: sends HTTP requests to a contestant and keeps an account of each. Started by load.mjs.
// Throughput tools hide errors, count a reset as an event among others, or open lost connections again
// without a word; here every request ends as answered or as lost, with its error and its times.
import { setTimeout as delay } from 'node:timers/promises';
import { keepAliveAgent, probe } from '@corral/test-kit';
import { WORKER_HEADER } from '../apps/http-app.mjs';
import { nowMs } from './clock.mjs';

/** After a refused connection: nobody listens, and asking without a pause would only heat the machine. */
const refusedPauseMs = 10;

/** @type {import('./load.mjs').LoadSettings} */
const settings = JSON.parse(process.argv[2]);
const { url, connections, lanes = 1, paceMs = 0, intervalMs = 0, timeoutMs = 15_000 } = settings;
const stopping = new AbortController();
/** @type {import('./load.mjs').LoadFailure[]} */
const failures = [];
/** @type {import('./load.mjs').LoadSample[]} */
const samples = [];
let sent = 0;
let answered = 0;
let hasStarted = false;

/** @param {{ agent?: import('node:http').Agent, worker?: string }} lane */
async function send(lane) {
  const sentAtMs = nowMs();
  sent += 1;
  const fail = (code, isNewConnection) => {
    const { worker } = lane;
    failures.push({ code, isNewConnection, worker, sentAtMs, failedAtMs: nowMs() });
    return code;
  };
  try {
    const response = await probe(url, { agent: lane.agent, timeoutMs });
    lane.worker = response.headers[WORKER_HEADER];
    if (response.status !== 200) return fail(`HTTP ${response.status}`, !response.isReused);
  } catch (error) {
    return fail(error.code, !error.isReused);
  }
  answered += 1;
  // Only the prober's: of a load there would be millions.
  if (intervalMs > 0) samples.push({ sentAtMs, tookMs: nowMs() - sentAtMs, worker: lane.worker });
  if (!hasStarted) {
    hasStarted = true;
    process.send({ event: 'answered' });
  }
  return undefined;
}

/** Closed loop: one request after another. */
async function runLane() {
  const lane = connections === 'keep-alive' ? { agent: keepAliveAgent(url) } : {};
  while (!stopping.signal.aborted) {
    const code = await send(lane);
    const pauseMs = code === 'ECONNREFUSED' ? refusedPauseMs : paceMs;
    if (pauseMs > 0) await delay(pauseMs);
  }
  lane.agent?.destroy();
}

/** Open loop: a request every `intervalMs`, whether or not those before have been answered. */
async function probeSteadily() {
  const pending = new Set();
  let nextAtMs = nowMs();
  while (!stopping.signal.aborted) {
    const request = send({});
    pending.add(request);
    void request.then(() => pending.delete(request));
    nextAtMs += intervalMs;
    await delay(Math.max(0, nextAtMs - nowMs()));
  }
  await Promise.all(pending);
}

process.once('message', () => stopping.abort());
process.once('disconnect', () => process.exit());
await (intervalMs > 0 ? probeSteadily() : Promise.all(Array.from({ length: lanes }, runLane)));
process.send({ event: 'report', report: { sent, answered, failures, samples } });
