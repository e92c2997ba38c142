// Fixture: what every adapter's contract program does the same way, whatever its framework.
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BootstrapOptions, Cluster, HealthPaths } from '@corral/core';
import { reportEvent, reportEvents } from './report-events.js';

/** The request header by which the suite marks the requests that must not be lost. */
export const COUNTED_HEADER = 'x-contract-counted';
/** While a drain is held, a request for this path, which no app has, lets its worker go on. */
export const RELEASE_PATH = '/contract-release';
/** Its answer takes a while; the output says when a worker has it. */
export const SLOW_PATH = '/slow';

/** What a contract program is told by its test, in the environment. */
export interface ContractSettings {
  readonly port: number;
  /** Runs the app without `bootstrap()`, as its own tests would. */
  readonly isPassive: boolean;
  /** Stops a drain in its first phase until {@link RELEASE_PATH} is asked for. */
  readonly holdsDrain: boolean;
  readonly options: BootstrapOptions;
  /** For the adapter; undefined leaves its defaults. */
  readonly health: HealthPaths | undefined;
}

/** What a contract program writes to its output, one JSON line each. */
export type ContractLine =
  | { readonly contract: 'draining' | 'released' | 'slow'; readonly workerId: number }
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
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });

  // Node's own channel: no framework has to be taught to count.
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    if (request.url === RELEASE_PATH) release();
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
          if (!settings.holdsDrain) return;
          await released;
          say({ contract: 'released', workerId });
        },
        { phase: 'prepare' },
      );
    },
    closing() {
      isClosing = true;
      say({ contract: 'closing', workerId, answered, unanswered });
    },
    async started(cluster, close) {
      if (cluster.role === 'worker') return;
      reportEvents(cluster);
      reportEvent('started', { pid: process.pid });
      if (close === undefined) return;
      await once(process, 'message');
      await close();
      process.disconnect();
    },
  };
}

function say(line: ContractLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
