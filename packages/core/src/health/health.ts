// Any process: the health interface, as apps and adapters use it. Types only; see checks.ts, endpoints.ts.
import type { ClusterRole } from '../cluster.js';

/**
 * Which question a check answers, in Kubernetes' terms: `ready` (may traffic come here?), `live`
 * (should this process be restarted?), `startup` (has it started?). Never make `live` depend on
 * another service: an outage there would restart every worker.
 */
export type HealthCheckKind = 'live' | 'ready' | 'startup';

/**
 * A check passes by returning (facts to show, if any) and fails by throwing, rejecting or exceeding
 * its timeout.
 */
export type HealthCheck = (context: { readonly signal: AbortSignal }) => unknown;

export interface HealthCheckOptions {
  /** Default `'ready'`. */
  readonly kind?: HealthCheckKind;
  /** After how many ms a check counts as failed; its signal is aborted then. Default 2,000. */
  readonly timeoutMs?: number;
  /** For how many ms a result is reused, so that probes cannot overload what is checked. Default 1,000. */
  readonly cacheMs?: number;
  /** Whether a failure turns the answer to 503; otherwise it is reported as degraded. Default true. */
  readonly critical?: boolean;
}

export interface HealthCheckResult {
  readonly status: 'up' | 'down';
  readonly kind: HealthCheckKind;
  readonly critical: boolean;
  readonly durationMs: number;
  /** Why it is down, in general terms; the error itself goes to the log only. */
  readonly reason?: 'failed' | 'timeout';
  /** What the check returned, when it returned a plain object. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a process measured of itself over its last sampling interval. */
export interface ProcessSample {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  /** Of the most that V8 lets the heap grow to (`--max-old-space-size`). */
  readonly heapUsedRatio: number;
  readonly externalBytes: number;
  /** CPU time as a share of one core. */
  readonly cpuRatio: number;
  readonly eventLoopUtilizationRatio: number;
  readonly eventLoopDelayMeanMs: number;
  readonly eventLoopDelayP99Ms: number;
}

export interface HealthReport {
  /** `degraded`: a non-critical check is down. `draining`: shutting down, still live. */
  readonly status: 'ok' | 'degraded' | 'error' | 'starting' | 'draining';
  readonly live: boolean;
  readonly ready: boolean;
  readonly started: boolean;
  readonly role: ClusterRole;
  readonly workerId: number;
  readonly generation: number;
  readonly pid: number;
  /** Seconds since the process started, as `process.uptime()` tells. */
  readonly uptime: number;
  readonly memory: Pick<
    ProcessSample,
    'rssBytes' | 'heapUsedBytes' | 'heapTotalBytes' | 'externalBytes'
  >;
  readonly eventLoop: {
    readonly utilizationRatio: number;
    readonly delayMeanMs: number;
    readonly delayP99Ms: number;
  };
  readonly checks: Readonly<Record<string, HealthCheckResult>>;
}

/** A request for a health route, free of any framework. */
export interface HealthRequest {
  readonly method: string;
  /** Path and query, as in `req.url`. */
  readonly url: string;
  /** The Accept header. */
  readonly accept?: string | undefined;
}

/** An answer for an adapter to send as it is. */
export interface HealthResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where the health routes are; `false` turns one off. */
export interface HealthPaths {
  /** Default `/livez`. */
  readonly live?: string | false;
  /** Default `/readyz`. */
  readonly ready?: string | false;
  /** Default `/startupz`. */
  readonly startup?: string | false;
  /** Default `/health`: the whole report as JSON. */
  readonly health?: string | false;
}

export interface Health {
  /**
   * Adds a named check; returns a function that removes it.
   *
   * @throws {CorralError} `INVALID_ARGUMENT` for a name that is taken or wrong options.
   */
  addCheck(name: string, check: HealthCheck, options?: HealthCheckOptions): () => void;
  /** Runs what is not cached and tells everything. */
  report(): Promise<HealthReport>;
  /** The last interval's figures of this process. */
  sample(): ProcessSample;
  /**
   * Answers a health route, or resolves with `undefined` when the request is for none. Probes get
   * text, `?verbose` a line per check, and `Accept: application/json` JSON; `/health` is always JSON.
   */
  respond(request: HealthRequest, paths?: HealthPaths): Promise<HealthResponse | undefined>;
}
