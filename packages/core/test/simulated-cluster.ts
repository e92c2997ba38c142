// Test process: a supervisor on a simulated system, with everything it says written down.
import type { ClusterEventName, ClusterEvents } from '../src/cluster.js';
import { createClusterEmitter } from '../src/cluster-events.js';
import type { LogMethod, Logger } from '../src/logger.js';
import { resolveOptions } from '../src/options.js';
import type { BootstrapOptions } from '../src/bootstrap-options.js';
import { createMetricsAggregator } from '../src/central/metrics-aggregator.js';
import { createSupervisor } from '../src/primary/supervisor.js';
import { createThreadGrants } from '../src/primary/thread-grants.js';
import type { Supervisor, SupervisorEnd } from '../src/primary/supervisor.js';
import type { WorkerListener } from '../src/primary/worker-listener.js';
import { createSimulatedSystem } from './simulated-system.js';
import type { SimulatedSystem } from './simulated-system.js';

export interface LogLine {
  readonly level: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A logger that writes down, and calls back for each line when that is wanted. */
export function createLogRecorder(onLine?: (line: LogLine) => void): {
  readonly logger: Logger;
  readonly lines: LogLine[];
} {
  const lines: LogLine[] = [];
  const method = (level: string, bindings: object): LogMethod => {
    return (first: object | string, message?: string): void => {
      const details = typeof first === 'string' ? {} : first;
      const text = typeof first === 'string' ? first : (message ?? '');
      const line = { level, details: { ...bindings, ...details }, message: text };
      lines.push(line);
      onLine?.(line);
    };
  };
  const create = (bindings: object): Logger => ({
    trace: method('trace', bindings),
    debug: method('debug', bindings),
    info: method('info', bindings),
    warn: method('warn', bindings),
    error: method('error', bindings),
    fatal: method('fatal', bindings),
    child: (more) => create({ ...bindings, ...more }),
  });
  return { logger: create({}), lines };
}

export type RecordedEvent = {
  [E in ClusterEventName]: { readonly name: E; readonly event: ClusterEvents[E] };
}[ClusterEventName];

/** How a promise stands. */
export interface Watched<T> {
  readonly outcome:
    | { readonly state: 'pending' }
    | { readonly state: 'resolved'; readonly value: T }
    | { readonly state: 'rejected'; readonly error: unknown };
}

/** Follows a promise, so that a test can look at it at any moment of virtual time. */
export function watch<T>(promise: Promise<T>): Watched<T> {
  const watched: { outcome: Watched<T>['outcome'] } = { outcome: { state: 'pending' } };
  promise.then(
    (value) => {
      watched.outcome = { state: 'resolved', value };
    },
    (error: unknown) => {
      watched.outcome = { state: 'rejected', error };
    },
  );
  return watched;
}

const ignore = (): void => undefined;

/** Hears of nothing: for tests of what needs a worker, but no supervisor. */
export const DEAF_LISTENER: WorkerListener = {
  onReady: ignore,
  onStalled: ignore,
  onStallStack: ignore,
  takeOomKill: () => false,
  onRecovered: ignore,
  onFailing: ignore,
  onTerminated: ignore,
  onDisconnected: ignore,
  onRequest: ignore,
  onListenerRequest: ignore,
  onAppMessage: ignore,
  onConfigAnswer: ignore,
  onStateBatch: () => undefined,
  onMalformed: ignore,
  onNotReading: ignore,
  onReadingAgain: ignore,
  onChange: ignore,
  onExit: ignore,
};

export interface SimulatedCluster {
  readonly supervisor: Supervisor;
  readonly system: SimulatedSystem;
  readonly lines: readonly LogLine[];
  readonly events: readonly RecordedEvent[];
  readonly ended: Watched<SupervisorEnd>;
  /** How often the listeners were told to take no more. */
  readonly releases: number;
  eventsOf<E extends ClusterEventName>(name: E): Array<ClusterEvents[E]>;
}

/** Short times, so that tests need few steps. */
const SHORT_TIMES: BootstrapOptions = {
  bootTimeoutMs: 10_000,
  heartbeatMs: 1_000,
  stallMs: 4_000,
  stallKillMs: 9_000,
  minUptimeMs: 1_000,
  drainTimeoutMs: 5_000,
  restart: { minDelayMs: 100, maxDelayMs: 3_000, onExhausted: 'keep-trying' },
};

/** The thread budget that its workers share. */
const SIMULATED_CORES = 8;

export function createSimulatedCluster(
  options: BootstrapOptions = {},
  random?: () => number,
): SimulatedCluster {
  const resolved = resolveOptions(
    { ...SHORT_TIMES, ...options, restart: { ...SHORT_TIMES.restart, ...options.restart } },
    { inContainer: false, onKubernetes: false },
  );
  const { heartbeatMs } = resolved;
  const system = createSimulatedSystem({
    heartbeatMs,
    ...(random === undefined ? {} : { random }),
  });
  const { logger, lines } = createLogRecorder();
  const events: RecordedEvent[] = [];
  const emitter = createClusterEmitter(logger);
  let releases = 0;
  const threadGrants = createThreadGrants(SIMULATED_CORES);
  const supervisor = createSupervisor({
    options: resolved,
    system,
    logger,
    totals: createMetricsAggregator(),
    firstGeneration: 1,
    onChange: threadGrants.update,
    listeners: {
      balance: { mode: 'round-robin', reason: 'simulated' },
      onRequest: () => undefined,
      update: () => undefined,
      closeUnused: () => undefined,
      handOver: () => [],
      release() {
        releases += 1;
      },
    },
    events: {
      ...emitter,
      emit(name, event) {
        events.push({ name, event } as RecordedEvent);
        emitter.emit(name, event);
        supervisor.tellListeners({ type: 'event', name, event });
      },
    },
    passedOn: {
      onRequest(worker, { seq, call }) {
        worker.send({ type: 'reply', seq, outcome: { ok: true, value: call.name } });
      },
      onAppMessage: () => undefined,
      onConfigAnswer: () => undefined,
      onStateBatch: () => undefined,
    },
    onGone: () => undefined,
  });
  return {
    supervisor,
    system,
    lines,
    events,
    ended: watch(supervisor.ended),
    get releases() {
      return releases;
    },
    eventsOf: <E extends ClusterEventName>(name: E) =>
      events.flatMap((recorded) =>
        recorded.name === name ? [recorded.event as ClusterEvents[E]] : [],
      ),
  };
}

/** A cluster of which all workers are ready. */
export async function startSimulatedCluster(
  workers: number,
  options: BootstrapOptions = {},
): Promise<SimulatedCluster> {
  const cluster = createSimulatedCluster(options);
  const started = watch(cluster.supervisor.start(workers));
  await cluster.system.advance(500);
  if (started.outcome.state !== 'resolved') throw new Error('the simulated cluster did not start');
  return cluster;
}
