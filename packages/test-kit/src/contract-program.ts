// Fixture: what every adapter's contract program does the same way, whatever its framework.
import nodeCluster from 'node:cluster';
import { subscribe } from 'node:diagnostics_channel';
import { on } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BootstrapOptions, Cluster, HealthPaths } from '@corral/core';
import { reportEvent, reportEvents } from './report-events.js';

type Tasks = typeof import('./contract-tasks.js');

const TASKS = new URL('./contract-tasks.js', import.meta.url);

/** The request header by which the suite marks the requests that must not be lost. */
export const COUNTED_HEADER = 'x-contract-counted';
/**
 * The message to the program that lets drains go on: those of the first workers' replacements stop in
 * their first phase, so that the suite can look at them.
 */
export const RELEASE_MESSAGE = 'contract-release';
/** The message to a program without `bootstrap()` that closes its app. */
export const CLOSE_MESSAGE = 'contract-close';
/** Its answer takes a while; the output says when a worker has it. */
export const SLOW_PATH = '/slow';

/** What a contract program is told by its test, in the environment. */
export interface ContractSettings {
  readonly port: number;
  /** Runs the app without `bootstrap()`, as its own tests would. */
  readonly isPassive: boolean;
  readonly options: BootstrapOptions;
  /** For the adapter; undefined leaves its defaults. */
  readonly health: HealthPaths | undefined;
}

/** What a contract program writes to its output, one JSON line each. */
export type ContractLine =
  | { readonly contract: 'draining' | 'slow'; readonly workerId: number }
  /** The framework's close hook runs: how many counted requests were answered, and are not yet. */
  | {
      readonly contract: 'closing';
      readonly workerId: number;
      readonly answered: number;
      readonly unanswered: number;
    }
  /** A counted request came after the framework's close hook. */
  | { readonly contract: 'late'; readonly workerId: number };

export interface ContractProgram extends ContractSettings {
  /** For every process that serves: call it before the app listens. */
  watch(cluster: Cluster): void;
  /** For `/saturated` and `/late`: offloads, and throws what becomes of that. */
  saturate(cluster: Cluster): Promise<unknown>;
  runLate(cluster: Cluster): Promise<unknown>;
  /** For the framework's own close hook. */
  closing(): void;
  /** For the end of the program: with the app's close when it runs without `bootstrap()`. */
  started(cluster: Cluster, close?: () => Promise<unknown>): Promise<void>;
}

export function contractProgram(): ContractProgram {
  const settings = JSON.parse(process.env['CORRAL_CONTRACT'] ?? '{}') as ContractSettings;
  let workerId = 0;
  let unanswered = 0;
  let answered = 0;
  let isClosing = false;

  // Node's own channel: no framework has to be taught to count.
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    if (request.url === SLOW_PATH) say({ contract: 'slow', workerId });
    if (request.headers[COUNTED_HEADER] === undefined) return;
    if (isClosing) say({ contract: 'late', workerId });
    unanswered += 1;
    response.once('finish', () => {
      unanswered -= 1;
      answered += 1;
    });
  });

  return {
    ...settings,
    watch(cluster) {
      ({ workerId } = cluster);
      cluster.onShutdown(
        async () => {
          say({ contract: 'draining', workerId });
          if (cluster.generation > 1) await received(RELEASE_MESSAGE);
        },
        { phase: 'prepare' },
      );
    },
    async saturate(cluster) {
      const tasks = cluster.offload<Tasks>(TASKS, { maxQueue: 0, threads: 1 });
      // One runs, and the next is one too many.
      return await Promise.all([tasks.spin(50), tasks.spin(50)]);
    },
    async runLate(cluster) {
      const tasks = cluster.offload<Tasks>(TASKS, { timeoutMs: 20 });
      return await tasks.spin(10_000);
    },
    closing() {
      isClosing = true;
      say({ contract: 'closing', workerId, answered, unanswered });
    },
    async started(cluster, close) {
      if (cluster.role === 'worker') return;
      reportEvents(cluster);
      reportEvent('started', { pid: process.pid });
      if (close === undefined) {
        // The test's channel ends here; the workers have one of their own.
        await received(RELEASE_MESSAGE);
        for (const worker of Object.values(nodeCluster.workers ?? {}))
          worker?.send(RELEASE_MESSAGE);
        return;
      }
      await received(CLOSE_MESSAGE);
      await close();
      process.disconnect();
    },
  };
}

async function received(wanted: string): Promise<void> {
  for await (const [message] of on(process, 'message')) if (message === wanted) return;
}

function say(line: ContractLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
