// Primary: carries out reloads and scalings on the supervisor's seats.
import type { ExitReason, ReloadReport } from '../cluster.js';
import type { ClusterEmitter } from '../cluster-events.js';
import { bootFailed, reloadAborted, shuttingDown } from '../errors.js';
import type { Logger } from '../logger.js';
import { rollOut } from './rolling-reload.js';
import type { Seat } from './seat.js';

export interface RolloutParts {
  readonly seats: ReadonlyMap<number, Seat>;
  readonly openSeat: (workerId: number) => Seat;
  /** Takes a seat away and lets its workers drain. */
  readonly closeSeat: (seat: Seat, reason: ExitReason) => void;
  /** Sees to it that a seat without anybody gets a worker again. */
  readonly restart: (seat: Seat) => void;
  readonly isStopping: () => boolean;
  readonly minUptimeMs: number;
  readonly nowMs: () => number;
  /** Begins the next generation: workers started from now on belong to it. */
  readonly nextGeneration: () => number;
  readonly logger: Logger;
  readonly events: ClusterEmitter;
}

export interface Rollouts {
  /** @throws {CorralError} `RELOAD_ABORTED` */
  reload(concurrency: number): Promise<ReloadReport>;
  /** @throws {CorralError} `BOOT_FAILED` when an additional worker does not start; the others stay. */
  scale(count: number): Promise<void>;
}

export function createRollouts(parts: RolloutParts): Rollouts {
  const { seats, openSeat, closeSeat, logger, events } = parts;

  return {
    async reload(concurrency) {
      const report = await rollOut({
        generation: parts.nextGeneration(),
        workerIds: [...seats.keys()],
        concurrency,
        nowMs: parts.nowMs,
        replace: async (workerId, role) => {
          const seat = seats.get(workerId);
          if (seat === undefined) return { ok: true };
          const outcome = await seat.replace('reload', role === 'canary' ? parts.minUptimeMs : 0);
          // The old worker may have gone meanwhile, or have waited for its restart.
          if (!outcome.ok) parts.restart(seat);
          return outcome;
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
    },
    async scale(count) {
      const from = seats.size;
      for (const seat of [...seats.values()]) {
        if (seat.workerId > count) closeSeat(seat, 'scale-down');
      }
      // An earlier scaling may have failed for a number in between.
      const added = Array.from({ length: count }, (_, index) => index + 1)
        .filter((workerId) => !seats.has(workerId))
        .map(openSeat);
      const outcomes = await Promise.all(
        added.map(async (seat) => {
          const outcome = await seat.replace('scale-down');
          if (!outcome.ok) closeSeat(seat, 'scale-down');
          return outcome;
        }),
      );
      const to = seats.size;
      logger.info({ from, to }, `scaled from ${from} to ${to} worker(s)`);
      events.emit('scale', { from, to });
      if (parts.isStopping()) throw shuttingDown('cluster.scale()');
      for (const outcome of outcomes) {
        if (!outcome.ok) throw bootFailed(outcome.reason, outcome.error);
      }
    },
  };
}
