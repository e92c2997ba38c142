// Test process: real HTTP load on node:http agents, with an account of every single request.
import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { probe, ProbeError } from './http-probe.js';
import type { ProbeOptions, ProbeResponse } from './http-probe.js';

/** The response header in which fixtures say which worker answered. */
export const WORKER_ID_HEADER = 'x-worker-id';

export interface LoadOptions extends Pick<
  ProbeOptions,
  'method' | 'headers' | 'body' | 'ca' | 'timeoutMs'
> {
  readonly url: string | URL;
  /** `keep-alive`: each lane has one connection for as long as the server allows; `new`: one a request. */
  readonly connections: 'keep-alive' | 'new';
  /** How many requests are in flight at any time: one in each lane. Default 8. */
  readonly concurrency?: number;
  /**
   * How long a lane waits before it sends the next request, in ms. Default 10: without a pause, the load
   * of tests that wait for something else would take the CPU time that this needs.
   */
  readonly paceMs?: number;
  /** How many requests to send in all. Default: until {@link Load.stop}. */
  readonly requests?: number;
  /** Tells the worker from a response. Default: the header `x-worker-id`. */
  readonly workerIdOf?: (response: ProbeResponse) => string | undefined;
}

export interface LoadFailure {
  /** Such as `ECONNRESET`, or `TIMEOUT`. */
  readonly code: string;
  readonly method: string;
  /** False when the connection had served a request before. */
  readonly isNewConnection: boolean;
  /** Milliseconds from the start of the load to the request's start and to its failure. */
  readonly sentAtMs: number;
  readonly failedAtMs: number;
}

export interface LoadReport {
  /** Requests that got a complete response with a status below 400. */
  readonly ok: number;
  /** Complete responses by status. */
  readonly byStatus: Readonly<Record<number, number>>;
  /** Complete responses with a status below 400 by worker. */
  readonly byWorker: Readonly<Record<string, number>>;
  /** Requests that were sent, or could have been, and got no complete response. */
  readonly failures: readonly LoadFailure[];
  /** Connections that nobody accepted (`ECONNREFUSED`): no request was lost, since none was taken. */
  readonly refused: number;
}

export interface Load {
  /** The figures so far. */
  report(): LoadReport;
  /** Resolves when `count` more requests than now have been answered well; rejects when the load ends first. */
  answered(count: number): Promise<void>;
  /** Sends no further requests; resolves when those in flight have ended. */
  stop(): Promise<LoadReport>;
  /** Resolves when all of `requests` are sent and ended, or every lane has been refused. */
  readonly finished: Promise<LoadReport>;
}

/**
 * Starts load. A lane that is refused ends, because whoever stopped listening does not come back during
 * a test; any other failure is counted and the lane goes on.
 */
export function startLoad(options: LoadOptions): Load {
  const { url, connections, concurrency = 8, paceMs = 10, requests = Infinity } = options;
  const { method = 'GET' } = options;
  const workerIdOf =
    options.workerIdOf ?? ((response) => response.headers[WORKER_ID_HEADER]?.toString());
  const startMs = performance.now();
  const sinceStartMs = (): number => Math.round(performance.now() - startMs);
  const byStatus: Record<number, number> = {};
  const byWorker: Record<string, number> = {};
  const failures: LoadFailure[] = [];
  const waiting = new Set<{ readonly ok: number; readonly resolve: () => void }>();
  let ok = 0;
  let refused = 0;
  let sent = 0;
  const stopping = new AbortController();

  const count = (response: ProbeResponse): void => {
    byStatus[response.status] = (byStatus[response.status] ?? 0) + 1;
    if (response.status >= 400) return;
    ok += 1;
    const workerId = workerIdOf(response) ?? 'unknown';
    byWorker[workerId] = (byWorker[workerId] ?? 0) + 1;
    for (const wait of waiting) {
      if (ok < wait.ok) continue;
      waiting.delete(wait);
      wait.resolve();
    }
  };

  const runLane = async (agent: http.Agent | undefined): Promise<void> => {
    while (!stopping.signal.aborted && sent < requests) {
      sent += 1;
      const sentAtMs = sinceStartMs();
      try {
        count(await probe(url, { ...options, ...(agent === undefined ? {} : { agent }) }));
      } catch (error) {
        if (!(error instanceof ProbeError)) throw error;
        if (error.code === 'ECONNREFUSED') {
          refused += 1;
          return;
        }
        const { code, isReused } = error;
        const failedAtMs = sinceStartMs();
        failures.push({ code, method, isNewConnection: !isReused, sentAtMs, failedAtMs });
      }
      await delay(paceMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  const report = (): LoadReport => ({
    ok,
    byStatus: { ...byStatus },
    byWorker: { ...byWorker },
    failures: [...failures],
    refused,
  });

  const run = async (): Promise<LoadReport> => {
    // An agent of its own per lane, so that a lane never waits for, or takes, another's connection.
    const agents = Array.from({ length: concurrency }, () =>
      connections === 'new' ? undefined : keepAliveAgent(url),
    );
    try {
      await Promise.all(agents.map(runLane));
    } finally {
      for (const agent of agents) agent?.destroy();
    }
    return report();
  };

  const finished = run();
  return {
    report,
    finished,
    async answered(more) {
      const reached = new Promise<void>((resolve) => waiting.add({ ok: ok + more, resolve }));
      const ended = finished.then((end) => {
        throw new Error(`the load ended before ${more} more answers: ${JSON.stringify(end)}`);
      });
      await Promise.race([reached, ended]);
    },
    async stop() {
      stopping.abort();
      return await finished;
    },
  };
}

/** An agent with one connection, kept alive. */
export function keepAliveAgent(url: string | URL): http.Agent {
  const { Agent } = new URL(url).protocol === 'https:' ? https : http;
  return new Agent({ keepAlive: true, maxSockets: 1 });
}
