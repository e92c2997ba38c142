// Primary: keeps the wanted number of workers running. One loop: event → decision (policies) → effect.
import type {
  ClusterStatus,
  ExitReason,
  ReloadOptions,
  ReloadReport,
  StackFrame,
} from '../cluster.js';
import type { ClusterEmitter } from '../cluster-events.js';
import {
  bootFailed,
  fromErrorInfo,
  invalidArgument,
  listenFailed,
  reloadAborted,
  restartIntensityExceeded,
  shuttingDown,
} from '../errors.js';
import type { CorralError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ResolvedOptions } from '../options.js';
import type { ToPrimary, ToWorker } from '../protocol/messages.js';
import type { System } from '../system.js';
import { createOperationQueue } from './operation-queue.js';
import { decideRestart, nextFailuresInARow } from './restart-policy.js';
import { rollOut } from './rolling-reload.js';
import type { ReplaceOutcome } from './rolling-reload.js';
import { launchWorker } from './worker-handle.js';
import type { WorkerExit, WorkerHandle, WorkerListener } from './worker-handle.js';

/** How long workers get to end after being told to hurry, before they are killed. */
const HURRY_MS = 1_000;

/** How a cluster ended. */
export type SupervisorEnd =
  | { readonly kind: 'shutdown'; readonly isClean: boolean }
  /** The first generation never became ready, or the workers crashed too often. */
  | { readonly kind: 'failed'; readonly error: CorralError };

export interface Supervisor {
  /** Starts the first generation; resolves when all of it is ready. Never settles when it fails: see `ended`. */
  start(workers: number): Promise<void>;
  reload(options?: ReloadOptions): Promise<ReloadReport>;
  scale(workers: number): Promise<void>;
  /** Tells every worker to drain. A second call changes nothing; `ended` says when it is over. */
  shutdown(reason: string): void;
  /** Cuts a shutdown short. */
  hurry(): void;
  /** Resolves when no worker is left and none will be started. */
  readonly ended: Promise<SupervisorEnd>;
  readonly isStopping: boolean;
  /** Posts an event to every worker that listens for events. */
  tellListeners(message: Extract<ToWorker, { type: 'event' }>): void;
  readonly generation: number;
  status(): Omit<ClusterStatus, 'role' | 'pid' | 'nodeVersion'>;
}

export interface SupervisorParts {
  readonly options: ResolvedOptions;
  readonly system: System;
  readonly logger: Logger;
  readonly events: ClusterEmitter;
  /** Answers a worker's request. */
  readonly answer: (worker: WorkerHandle, request: Extract<ToPrimary, { type: 'request' }>) => void;
}

/** The place of one worker: its number, who holds it, and who is to take over. */
interface Seat {
  readonly workerId: number;
  holder: WorkerHandle | undefined;
  incoming: Incoming | undefined;
  failuresInARow: number;
  cancelRestart: (() => void) | undefined;
}

interface Incoming {
  readonly worker: WorkerHandle;
  readonly outcome: Promise<ReplaceOutcome>;
  readonly onReady: () => void;
  readonly onLost: (exit: Pick<WorkerExit, 'reason' | 'error'>) => void;
}

type Phase =
  /** No worker has ever been ready. */
  | { readonly name: 'starting' }
  | { readonly name: 'running' }
  | { readonly name: 'stopping'; readonly failure?: CorralError };

export function createSupervisor(parts: SupervisorParts): Supervisor {
  const { options, system, logger, events } = parts;
  const seats = new Map<number, Seat>();
  const workers = new Set<WorkerHandle>();
  const operations = createOperationQueue();
  const restarts: Partial<Record<ExitReason, number>> = {};
  const startMs = system.nowMs();
  let phase: Phase = { name: 'starting' };
  let generation = 1;
  let restartsMs: readonly number[] = [];
  let requestsOfGone = 0;
  let hasBeenUnclean = false;
  let lastTickMs = startMs;
  let cancelTick: (() => void) | undefined;
  let reportEnd: (end: SupervisorEnd) => void = () => undefined;
  const ended = new Promise<SupervisorEnd>((resolve) => {
    reportEnd = resolve;
  });
  let reportStarted: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    reportStarted = resolve;
  });

  const about = (worker: WorkerHandle): object => ({
    workerId: worker.workerId,
    generation: worker.generation,
    workerPid: worker.pid,
  });

  // ── starting and replacing ────────────────────────────────────────────────────────────────────────

  const launch = (workerId: number): WorkerHandle => {
    const worker = launchWorker({ workerId, generation }, system, listener);
    workers.add(worker);
    return worker;
  };

  const openSeat = (workerId: number): Seat => {
    const seat: Seat = {
      workerId,
      holder: undefined,
      incoming: undefined,
      failuresInARow: 0,
      cancelRestart: undefined,
    };
    seats.set(workerId, seat);
    return seat;
  };

  const closeSeat = (seat: Seat, reason: ExitReason): void => {
    seats.delete(seat.workerId);
    seat.cancelRestart?.();
    seat.holder?.drain(reason);
    seat.incoming?.worker.drain(reason);
  };

  /**
   * Starts a worker that takes the seat over when it is ready and has survived `probationMs`; until
   * then the one in the seat goes on serving.
   */
  const replace = async (
    seat: Seat,
    reason: ExitReason,
    probationMs = 0,
  ): Promise<ReplaceOutcome> => {
    // One that was started earlier may be of an older generation.
    while (seat.incoming !== undefined) await seat.incoming.outcome;
    if (isStopping() || seats.get(seat.workerId) !== seat) return { ok: false, reason: 'shutdown' };
    seat.cancelRestart?.();
    seat.cancelRestart = undefined;

    const worker = launch(seat.workerId);
    let settle: (outcome: ReplaceOutcome) => void = () => undefined;
    const outcome = new Promise<ReplaceOutcome>((resolve) => {
      settle = resolve;
    });
    let cancelProbation: () => void = () => undefined;
    const takeOver = (): void => {
      const predecessor = seat.holder;
      seat.holder = worker;
      seat.incoming = undefined;
      predecessor?.drain(reason);
      settle({ ok: true });
    };
    seat.incoming = {
      worker,
      outcome,
      onReady: () => {
        if (probationMs === 0) takeOver();
        else cancelProbation = system.setTimer(takeOver, probationMs);
      },
      onLost: (lost) => {
        cancelProbation();
        seat.incoming = undefined;
        settle({
          ok: false,
          reason: lost.reason,
          ...(lost.error === undefined ? {} : { error: lost.error }),
        });
      },
    };
    return await outcome;
  };

  /** Replaces outside a rollout; a failure leaves the old worker, and is only reported. */
  const replaceQuietly = async (seat: Seat, reason: ExitReason): Promise<void> => {
    if (seat.incoming !== undefined) return;
    const outcome = await replace(seat, reason);
    if (outcome.ok || isStopping()) return;
    logger.error(
      { workerId: seat.workerId, reason: outcome.reason, err: outcome.error },
      `worker ${seat.workerId} was to be replaced (${reason}), but its replacement failed`,
    );
    if (seat.holder === undefined) reseat(seat);
  };

  /** The holder is lost: start another, sooner or later. */
  const reseat = (seat: Seat): void => {
    if (isStopping() || seats.get(seat.workerId) !== seat) return;
    if (seat.incoming !== undefined || seat.cancelRestart !== undefined) return;
    const restart = { ...options.restart, intensity: restartIntensity() };
    const decision = decideRestart(
      { restartsMs, failuresInARow: seat.failuresInARow },
      system.nowMs(),
      restart,
      system.random(),
    );
    if (decision.isCrashLoop && restartsMs.length <= restart.intensity) {
      logger.error(
        { intensity: restart.intensity, periodMs: restart.periodMs },
        `the workers crash in a loop: more than ${restart.intensity} restarts in ${restart.periodMs} ms`,
      );
    }
    restartsMs = decision.restartsMs;
    if (decision.action === 'exit') {
      stop('crash loop', restartIntensityExceeded(restart.intensity, restart.periodMs));
      return;
    }
    const { workerId } = seat;
    if (decision.delayMs > 0) {
      logger.info({ workerId, delayMs: decision.delayMs }, `restarting worker ${workerId} in ${decision.delayMs} ms`);
    }
    seat.cancelRestart = system.setTimer(() => {
      seat.cancelRestart = undefined;
      seat.holder = launch(workerId);
    }, decision.delayMs);
  };

  const restartIntensity = (): number =>
    options.restart.intensity ?? Math.max(10, 5 * seats.size);

  // ── what workers do ───────────────────────────────────────────────────────────────────────────────

  const listener: WorkerListener = {
    onReady(worker) {
      const { workerId, pid } = worker;
      const bootMs = Math.round(worker.bootMs);
      logger.info({ ...about(worker), bootMs }, `worker ${workerId} ready in ${bootMs} ms`);
      if (phase.name === 'starting') phase = { name: 'running' };
      const seat = seats.get(workerId);
      if (seat?.incoming?.worker === worker) seat.incoming.onReady();
      events.emit('workerReady', { workerId, pid, generation: worker.generation, bootMs });
      if ([...seats.values()].every(({ holder }) => holder?.state.name === 'ready')) reportStarted();
    },
    onStalled(worker, blockedMs, frames) {
      const at = frames.length === 0 ? '' : `, at ${formatFrame(frames.find(isOwnCode) ?? frames[0])}`;
      logger.error(
        { ...about(worker), blockedMs: Math.round(blockedMs), stack: frames.map(formatFrame) },
        `worker ${worker.workerId} does not respond: its event loop has been blocked for ${Math.round(blockedMs)} ms${at}`,
      );
      const { workerId, pid } = worker;
      events.emit('workerStalled', { workerId, pid, blockedMs: Math.round(blockedMs), frames });
      const seat = seats.get(workerId);
      if (seat?.holder === worker) void replaceQuietly(seat, 'stalled');
    },
    onStallStack(worker, frames) {
      logger.error(
        { ...about(worker), stack: frames.map(formatFrame) },
        `worker ${worker.workerId} was blocked at ${formatFrame(frames.find(isOwnCode) ?? frames[0])}`,
      );
    },
    onRecovered(worker) {
      logger.warn(about(worker), `worker ${worker.workerId} responds again`);
    },
    onFailing(worker, error) {
      logger.error(
        { ...about(worker), err: error },
        `uncaught error in worker ${worker.workerId}: ${error.message}; it drains and is replaced`,
      );
      lose(worker, { reason: 'crashed', error });
    },
    onTerminated(worker) {
      const seat = seats.get(worker.workerId);
      if (seat?.holder !== worker || isStopping()) return;
      logger.info(about(worker), `worker ${worker.workerId} received SIGTERM; it is replaced`);
      void replaceQuietly(seat, 'terminated');
    },
    onRequest: parts.answer,
    onExit(worker, exit) {
      workers.delete(worker);
      requestsOfGone += worker.requests;
      if (exit.reason !== 'shutdown' && exit.reason !== 'scale-down') {
        restarts[exit.reason] = (restarts[exit.reason] ?? 0) + 1;
      }
      if (worker.cutConnections > 0) {
        hasBeenUnclean = true;
        logger.warn(
          { ...about(worker), cutConnections: worker.cutConnections },
          `worker ${worker.workerId} had to cut ${worker.cutConnections} connection(s) at the end of its drain`,
        );
      }
      if (phase.name === 'starting' && !isStopping()) failStart(worker, exit);
      else if (!isStopping()) reportExit(worker, exit);
      const { reason, code, signal, uptimeMs, error } = exit;
      const { workerId, pid } = worker;
      events.emit('workerExit', {
        workerId,
        pid,
        generation: worker.generation,
        reason,
        code,
        signal,
        uptimeMs,
        ...(error === undefined ? {} : { error }),
      });
      if (isStopping()) finishIfEmpty();
      else lose(worker, exit);
    },
  };

  /** A worker no longer serves its seat. Called once when it fails and again when it exits. */
  const lose = (worker: WorkerHandle, lost: Pick<WorkerExit, 'reason' | 'error'>): void => {
    const seat = seats.get(worker.workerId);
    if (seat?.incoming?.worker === worker) {
      seat.incoming.onLost(lost);
      return;
    }
    if (seat?.holder !== worker) return;
    seat.holder = undefined;
    seat.failuresInARow = nextFailuresInARow(
      seat.failuresInARow,
      worker.status().uptimeMs,
      options.restart,
    );
    reseat(seat);
  };

  const reportExit = (worker: WorkerHandle, exit: WorkerExit): void => {
    const { reason, code, signal, uptimeMs, error } = exit;
    const isWanted = ['reload', 'scale-down', 'terminated', 'recycled-memory', 'recycled-requests', 'recycled-age'].includes(reason);
    const isReported = reason === 'crashed' && error !== undefined;
    const details = { ...about(worker), reason, code, signal, uptimeMs, ...(error === undefined || isReported ? {} : { err: error }) };
    if (isWanted) logger.info(details, `worker ${worker.workerId} has left (${reason})`);
    else logger.error(details, `worker ${worker.workerId} is gone (${reason})${error === undefined ? '' : `: ${error.message}`}`);
  };

  const failStart = (worker: WorkerHandle, exit: WorkerExit): void => {
    const failure =
      exit.listenAddress === undefined
        ? bootFailed(exit.reason, exit.error)
        : listenFailed(exit.listenAddress, fromErrorInfo(exit.error));
    logger.fatal(
      { ...about(worker), reason: exit.reason, code: exit.code, signal: exit.signal, err: exit.error },
      failure.message,
    );
    stop('the first generation did not start', failure);
  };

  // ── stopping ──────────────────────────────────────────────────────────────────────────────────────

  const isStopping = (): boolean => phase.name === 'stopping';

  const stop = (reason: string, failure?: CorralError): void => {
    if (isStopping()) return;
    phase = { name: 'stopping', ...(failure === undefined ? {} : { failure }) };
    events.emit('shutdown', { reason });
    for (const seat of seats.values()) {
      seat.cancelRestart?.();
      seat.incoming?.onLost({ reason: 'shutdown' });
    }
    for (const worker of workers) worker.drain('shutdown');
    finishIfEmpty();
  };

  const finishIfEmpty = (): void => {
    if (workers.size > 0 || phase.name !== 'stopping') return;
    cancelTick?.();
    reportEnd(
      phase.failure === undefined
        ? { kind: 'shutdown', isClean: !hasBeenUnclean }
        : { kind: 'failed', error: phase.failure },
    );
  };

  // ── time ──────────────────────────────────────────────────────────────────────────────────────────

  const tickMs = Math.max(20, Math.min(500, options.heartbeatMs / 2));

  const tick = (): void => {
    const nowMs = system.nowMs();
    const lateMs = nowMs - lastTickMs - tickMs;
    lastTickMs = nowMs;
    for (const worker of workers) {
      // The primary itself did not run (stopped, starved): it cannot judge what it did not hear.
      if (lateMs > options.heartbeatMs) worker.excuse();
      else worker.checkLiveness(options);
    }
    recycleOne();
    cancelTick = system.setTimer(tick, tickMs);
  };

  const recycleOne = (): void => {
    if (isStopping() || !operations.isIdle) return;
    for (const seat of seats.values()) {
      const reason = seat.incoming === undefined ? seat.holder?.recycleReason(options) : undefined;
      if (reason === undefined) continue;
      logger.info({ workerId: seat.workerId, reason }, `worker ${seat.workerId} is recycled (${reason})`);
      void operations.run(async () => await replaceQuietly(seat, reason));
      return;
    }
  };

  return {
    ended,
    get isStopping() {
      return isStopping();
    },
    get generation() {
      return generation;
    },
    async start(count) {
      for (let workerId = 1; workerId <= count; workerId++) {
        const seat = openSeat(workerId);
        seat.holder = launch(workerId);
      }
      cancelTick = system.setTimer(tick, tickMs);
      await started;
    },
    async reload({ concurrency = 1 } = {}) {
      if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
        throw invalidArgument('cluster.reload({ concurrency })', concurrency, 'a whole number, at least 1');
      }
      return await operations.run(async () => {
        if (isStopping()) throw shuttingDown('cluster.reload()');
        generation += 1;
        const report = await rollOut({
          generation,
          workerIds: [...seats.keys()],
          concurrency,
          nowMs: system.nowMs,
          replace: async (workerId, role) => {
            const seat = seats.get(workerId);
            // Scaled away meanwhile.
            if (seat === undefined) return { ok: true };
            return await replace(seat, 'reload', role === 'canary' ? options.minUptimeMs : 0);
          },
        });
        events.emit('reload', report);
        if (report.failed > 0) {
          const error = reloadAborted(report);
          logger.error({ ...report, err: report.error }, error.message);
          throw error;
        }
        logger.info(report, `reloaded ${report.replaced} worker(s) in ${report.durationMs} ms`);
        return report;
      });
    },
    async scale(count) {
      if (!Number.isSafeInteger(count) || count < 1 || count > 1024) {
        throw invalidArgument('cluster.scale(workers)', count, 'a whole number, 1…1024');
      }
      await operations.run(async () => {
        if (isStopping()) throw shuttingDown('cluster.scale()');
        const from = seats.size;
        for (const seat of [...seats.values()]) {
          if (seat.workerId > count) closeSeat(seat, 'scale-down');
        }
        const added: Array<Promise<ReplaceOutcome>> = [];
        for (let workerId = from + 1; workerId <= count; workerId++) {
          added.push(replace(openSeat(workerId), 'scale-down'));
        }
        const outcomes = await Promise.all(added);
        for (const [index, outcome] of outcomes.entries()) {
          const seat = seats.get(from + 1 + index);
          if (!outcome.ok && seat !== undefined) closeSeat(seat, 'scale-down');
        }
        const to = seats.size;
        logger.info({ from, to }, `scaled from ${from} to ${to} worker(s)`);
        events.emit('scale', { from, to });
        const failure = outcomes.find((outcome) => !outcome.ok);
        if (failure?.ok === false) throw bootFailed(failure.reason, failure.error);
      });
    },
    tellListeners(message) {
      for (const worker of workers) if (worker.wantsEvents) worker.send(message);
    },
    shutdown: (reason) => stop(reason),
    hurry() {
      for (const worker of workers) worker.hurry();
      system.setTimer(() => {
        for (const worker of workers) {
          hasBeenUnclean = true;
          worker.kill('shutdown');
        }
      }, HURRY_MS);
    },
    status: () => {
      const all = [...workers].map((worker) => worker.status());
      return {
        uptimeMs: Math.round(system.nowMs() - startMs),
        generation,
        desired: seats.size,
        ready: all.filter(({ state }) => state === 'ready').length,
        draining: all.filter(({ state }) => state === 'draining').length,
        balance: {
          mode: 'round-robin',
          reason: 'node:cluster accepts in the primary and hands connections out in turn',
        },
        restarts: { ...restarts },
        requests: requestsOfGone + all.reduce((sum, { requests }) => sum + requests, 0),
        workers: all.sort((a, b) => a.workerId - b.workerId || a.generation - b.generation),
      };
    },
  };
}

function isOwnCode({ file }: StackFrame): boolean {
  return !file.startsWith('node:') && !file.includes('node_modules');
}

function formatFrame(frame: StackFrame | undefined): string {
  if (frame === undefined) return 'unknown';
  return `${frame.functionName} (${frame.file}:${frame.line}:${frame.column})`;
}
