// Primary: keeps the wanted number of workers running. One loop: event → decision (policies) → effect.
import { checkReloadOptions, checkWorkers } from '../call-arguments.js';
import type { MetricsAggregator } from '../central/metrics-aggregator.js';
import { createOperationQueue } from '../central/operation-queue.js';
import type { ClusterStatus, ExitReason, ReloadOptions, ReloadReport } from '../cluster.js';
import type { ClusterEmitter } from '../cluster-events.js';
import { deferred } from '../deferred.js';
import { fromErrorInfo } from '../error-info.js';
import { bootFailed, listenFailed, restartIntensityExceeded, shuttingDown } from '../errors.js';
import type { CorralError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ResolvedOptions } from '../options.js';
import type { ToWorker } from '../protocol/messages.js';
import type { System } from '../system.js';
import type { Listeners } from './listeners.js';
import { startLivenessRounds } from './liveness-rounds.js';
import { createOomKills } from './oom-kills.js';
import { decideRestart, nextFailuresInARow } from './restart-policy.js';
import { createRecycling } from './recycling.js';
import { createRollouts } from './rollouts.js';
import { createSeat } from './seat.js';
import type { Loss, Seat } from './seat.js';
import { launchWorker } from './worker-handle.js';
import type { WorkerHandle } from './worker-handle.js';
import type { WorkerExit, WorkerListener } from './worker-listener.js';
import { createWorkerReports } from './worker-reports.js';

/** How long workers get to end after being told to hurry, before they are killed. */
const HURRY_MS = 1_000;

/** How a cluster ended. */
export type SupervisorEnd =
  | { readonly kind: 'shutdown'; readonly isClean: boolean }
  /** The first generation never became ready, or the workers crashed too often. */
  | { readonly kind: 'failed'; readonly error: CorralError };

export interface Supervisor {
  /** Starts the first generation; resolves when all of it is ready. Does not settle when it fails: see `ended`. */
  start(workers: number): Promise<void>;
  reload(options?: ReloadOptions): Promise<ReloadReport>;
  /** Runs `operation` when no rollout or scaling is under way, and lets none begin meanwhile. */
  exclusively<T>(operation: () => Promise<T>): Promise<T>;
  scale(workers: number): Promise<void>;
  /** Tells every worker to drain; `ended` says when it is over. A second call changes nothing. */
  shutdown(reason: string): void;
  /** Cuts a shutdown short. */
  hurry(): void;
  /** Resolves when no worker is left and none will be started. */
  readonly ended: Promise<SupervisorEnd>;
  readonly isStopping: boolean;
  readonly generation: number;
  /** The worker that holds the seat of that number. */
  holderOf(workerId: number): WorkerHandle | undefined;
  /** Posts an event to every worker whose app listens for events. */
  tellListeners(message: Extract<ToWorker, { type: 'event' }>): void;
  status(): Omit<ClusterStatus, 'role' | 'pid' | 'nodeVersion'>;
}

/** What workers say that is not the supervisor's to decide. */
type PassedOn = Pick<
  WorkerListener,
  'onRequest' | 'onAppMessage' | 'onConfigAnswer' | 'onStateBatch'
>;

export interface SupervisorParts {
  readonly options: ResolvedOptions;
  readonly system: System;
  readonly logger: Logger;
  readonly events: ClusterEmitter;
  /** Is told of every worker that has ended. */
  readonly totals: MetricsAggregator;
  readonly listeners: Listeners;
  /** Workers have come, gone, or changed in a way that others act on. */
  readonly onChange: (workers: ReadonlySet<WorkerHandle>) => void;
  /** The number of the first generation: 1, or one more than the predecessor's. */
  readonly firstGeneration: number;
  readonly passedOn: PassedOn;
  /** A worker has ended. */
  readonly onGone: (worker: WorkerHandle) => void;
}

type Phase =
  /** No worker has ever been ready. */
  | { readonly name: 'starting' }
  | { readonly name: 'running' }
  | { readonly name: 'stopping'; readonly failure?: CorralError };

export function createSupervisor(parts: SupervisorParts): Supervisor {
  const { options, system, logger, events, totals } = parts;
  const seats = new Map<number, Seat>();
  const workers = new Set<WorkerHandle>();
  const operations = createOperationQueue();
  const reports = createWorkerReports(logger, events);
  const recycling = createRecycling(seats, options, system.nowMs, reports);
  const oomKills = createOomKills(system);
  const failuresInARow = new Map<number, number>();
  const restarts: Partial<Record<ExitReason, number>> = {};
  const startMs = system.nowMs();
  let phase: Phase = { name: 'starting' };
  let generation = parts.firstGeneration;
  let restartsMs: readonly number[] = [];
  let isClean = true;
  let waitingReload: Promise<ReloadReport> | undefined;
  let stopRounds = (): void => undefined;
  const end = deferred<SupervisorEnd>();
  const started = deferred<void>();

  const isStopping = (): boolean => phase.name === 'stopping';
  /** Whether all workers are ready, with none on its way or leaving. */
  const isSettled = (): boolean =>
    workers.size === seats.size && [...workers].every(({ state }) => state.name === 'ready');

  const launch = (workerId: number): WorkerHandle => {
    const worker = launchWorker({ workerId, generation }, system, listener);
    workers.add(worker);
    return worker;
  };

  const openSeat = (workerId: number): Seat => {
    const seat = createSeat(workerId, launch, system);
    seats.set(workerId, seat);
    return seat;
  };

  const closeSeat = (seat: Seat, reason: ExitReason): void => {
    seats.delete(seat.workerId);
    failuresInARow.delete(seat.workerId);
    seat.abandon(reason);
    for (const worker of workers) if (worker.workerId === seat.workerId) worker.drain(reason);
    noteStarted();
  };

  /** To be called whenever the last worker that `start` waits for may have come, or may have gone. */
  const noteStarted = (): void => {
    if (phase.name !== 'running') return;
    const areReady = [...seats.values()].every(({ holder }) => holder?.state.name === 'ready');
    if (areReady) started.resolve();
  };

  // ── what workers do ───────────────────────────────────────────────────────────────────────────────

  const listener: WorkerListener = {
    onReady(worker) {
      if (phase.name === 'starting') phase = { name: 'running' };
      seats.get(worker.workerId)?.becameReady(worker);
      reports.ready(worker);
      noteStarted();
    },
    onStalled(worker, blockedMs, frames) {
      reports.stalled(worker, blockedMs, frames);
      const seat = seats.get(worker.workerId);
      if (seat?.holder === worker) void replaceQuietly(seat, 'stalled');
      // One on probation has failed it; its predecessor still serves.
      else worker.kill('stalled');
    },
    onStallStack: reports.stallStack,
    takeOomKill: oomKills.take,
    onRecovered: reports.recovered,
    onFailing(worker, error) {
      reports.failing(worker, error);
      lose(worker, { reason: 'crashed', error });
    },
    onDisconnected(worker) {
      reports.disconnected(worker);
      lose(worker, { reason: 'exited' });
    },
    onTerminated(worker) {
      const seat = seats.get(worker.workerId);
      if (seat?.holder !== worker || isStopping()) return;
      reports.terminated(worker);
      void replaceQuietly(seat, 'terminated');
    },
    ...parts.passedOn,
    onListenerRequest: parts.listeners.onRequest,
    onMalformed: reports.malformed,
    onNotReading: reports.notReading,
    onReadingAgain: reports.readingAgain,
    onChange: () => parts.onChange(workers),
    onExit(worker, exit) {
      workers.delete(worker);
      totals.gone(worker.status());
      if (isStopping() && (worker.cutConnections > 0 || exit.isCutShort)) isClean = false;
      if (exit.reason !== 'shutdown' && exit.reason !== 'scale-down') {
        restarts[exit.reason] = (restarts[exit.reason] ?? 0) + 1;
      }
      const isExplained = isStopping() || phase.name === 'starting';
      reports.exited(worker, exit, !isExplained);
      parts.onGone(worker);
      if (phase.name === 'starting' && seats.has(worker.workerId)) failStart(worker, exit);
      else lose(worker, exit);
      finishIfEmpty();
    },
  };

  /** A worker no longer serves its seat. Called when it fails, and again when it exits. */
  const lose = (worker: WorkerHandle, loss: Loss): void => {
    const seat = seats.get(worker.workerId);
    if (seat === undefined || !seat.lost(worker, loss)) return;
    const before = failuresInARow.get(seat.workerId) ?? 0;
    const { uptimeMs } = worker.status();
    failuresInARow.set(seat.workerId, nextFailuresInARow(before, uptimeMs, options.restart));
    restart(seat);
  };

  const restart = (seat: Seat): void => {
    if (isStopping() || seat.isProvidedFor) return;
    const intensity = options.restart.intensity ?? Math.max(10, 5 * seats.size);
    const { workerId } = seat;
    const decision = decideRestart(
      { restartsMs, failuresInARow: failuresInARow.get(workerId) ?? 1 },
      system.nowMs(),
      { ...options.restart, intensity },
      system.random(),
    );
    restartsMs = decision.restartsMs;
    if (decision.isCrashLoop) {
      const error = restartIntensityExceeded(intensity, options.restart);
      logger.error({ workerId, code: error.code }, error.message);
      if (decision.action === 'exit') {
        stop('crash loop', error);
        return;
      }
    }
    const { delayMs } = decision;
    logger.info({ workerId, delayMs }, `starting worker ${workerId} again in ${delayMs} ms`);
    seat.fill(delayMs);
  };

  /** Replaces outside a rollout: a failure leaves the old worker, and is only reported. */
  const replaceQuietly = async (seat: Seat, reason: ExitReason): Promise<void> => {
    if (seat.isReplacing) return;
    const outcome = await seat.replace(reason);
    if (outcome.ok || isStopping() || seats.get(seat.workerId) !== seat) return;
    reports.replacementFailed(seat.workerId, reason, outcome);
    recycling.failed();
    restart(seat);
  };

  // ── stopping ──────────────────────────────────────────────────────────────────────────────────────

  const failStart = (worker: WorkerHandle, exit: WorkerExit): void => {
    const { reason, code, signal, error } = exit;
    const failure =
      exit.listenAddress === undefined
        ? bootFailed(reason, error)
        : listenFailed(exit.listenAddress, fromErrorInfo(error));
    const { workerId } = worker;
    logger.fatal({ workerId, generation, reason, code, signal, err: error }, failure.message);
    stop('the first generation did not start', failure);
  };

  const stop = (reason: string, failure?: CorralError): void => {
    if (isStopping()) return;
    phase = { name: 'stopping', ...(failure === undefined ? {} : { failure }) };
    events.emit('shutdown', { reason });
    parts.listeners.release();
    for (const seat of seats.values()) seat.abandon('shutdown');
    for (const worker of workers) worker.drain('shutdown');
    finishIfEmpty();
  };

  const finishIfEmpty = (): void => {
    if (phase.name !== 'stopping' || workers.size > 0) return;
    stopRounds();
    const { failure } = phase;
    end.resolve(
      failure === undefined ? { kind: 'shutdown', isClean } : { kind: 'failed', error: failure },
    );
  };

  /** At most one worker at a time, and none while a rollout is under way. */
  const recycleOne = (): void => {
    if (isStopping() || !operations.isIdle) return;
    const next = recycling.next();
    if (next === undefined) return;
    const { seat, reason } = next;
    const { workerId } = seat;
    logger.info({ workerId, reason }, `worker ${workerId} is recycled (${reason})`);
    void operations.run(async () => await replaceQuietly(seat, reason));
  };

  // ── what is asked of the cluster ──────────────────────────────────────────────────────────────────

  const rollouts = createRollouts({
    seats,
    openSeat,
    closeSeat,
    restart,
    isStopping,
    minUptimeMs: options.minUptimeMs,
    nowMs: system.nowMs,
    nextGeneration: () => (generation += 1),
    logger,
    events,
  });

  /** Runs one rollout at a time, and none in a shutdown. */
  const runAlone = async <T>(call: string, operation: () => Promise<T>): Promise<T> =>
    await operations.run(async () => {
      if (isStopping()) throw shuttingDown(call);
      return await operation().finally(noteStarted);
    });

  /** A reload that waits its turn will read the files as they are then: who asks meanwhile joins it. */
  const joinReload = async (concurrency: number): Promise<ReloadReport> => {
    if (waitingReload !== undefined) return await waitingReload;
    const begun = (): void => {
      if (waitingReload === reload) waitingReload = undefined;
    };
    const reload = runAlone('cluster.reload()', async () => {
      begun();
      return await rollouts.reload(concurrency);
    });
    waitingReload = reload;
    return await reload.finally(begun);
  };

  return {
    ended: end.promise,
    get isStopping() {
      return isStopping();
    },
    get generation() {
      return generation;
    },
    async start(count) {
      // A signal can come first.
      if (isStopping()) return await started.promise;
      for (let workerId = 1; workerId <= count; workerId++) openSeat(workerId).fill(0);
      stopRounds = startLivenessRounds(workers, options, system, () => {
        recycleOne();
        oomKills.look();
        if (isSettled()) parts.listeners.closeUnused();
      });
      await started.promise;
    },
    async reload(reloadOptions = {}) {
      return await joinReload(checkReloadOptions(reloadOptions).concurrency);
    },
    exclusively: async (operation) => await runAlone('cluster.upgrade()', operation),
    async scale(wanted) {
      const count = checkWorkers(wanted);
      await runAlone('cluster.scale()', async () => await rollouts.scale(count));
    },
    shutdown: (reason) => stop(reason),
    hurry() {
      for (const worker of workers) worker.hurry();
      system.setTimer(() => {
        for (const worker of workers) {
          isClean = false;
          worker.kill('shutdown');
        }
      }, HURRY_MS);
    },
    tellListeners(message) {
      for (const worker of workers) if (worker.wantsEvents) worker.offer(message);
    },
    holderOf: (workerId) => seats.get(workerId)?.holder,
    status: () => {
      const all = [...workers].map((worker) => worker.status());
      return {
        uptimeMs: Math.round(system.nowMs() - startMs),
        generation,
        desired: isStopping() ? 0 : seats.size,
        ready: all.filter(({ state }) => state === 'ready').length,
        draining: all.filter(({ state }) => state === 'draining').length,
        balance: parts.listeners.balance,
        restarts: { ...restarts },
        requests: totals.requests(all),
        workers: all.sort((a, b) => a.workerId - b.workerId || a.generation - b.generation),
      };
    },
  };
}
