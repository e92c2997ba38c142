// Primary: which worker has outgrown a limit, and is the next to be replaced.
import type { ExitReason } from '../cluster.js';
import type { ResolvedOptions } from '../options.js';
import type { Seat } from './seat.js';
import type { WorkerReports } from './worker-reports.js';

export interface Recycling {
  /** Undefined while nobody has outgrown anything, or has to wait. */
  next(): { readonly seat: Seat; readonly reason: ExitReason } | undefined;
  /** A replacement has failed. */
  failed(): void;
}

export function createRecycling(
  seats: ReadonlyMap<number, Seat>,
  options: ResolvedOptions,
  nowMs: () => number,
  reports: Pick<WorkerReports, 'outgrewAgain'>,
): Recycling {
  const { maxDelayMs } = options.restart;
  let fromMs = 0;
  /** When the holders of seats were last replaced for their memory. */
  const outgrownMs = new WeakMap<Seat, number>();

  /** Where a limit is below what a worker needs from its start on, one after another would outgrow it. */
  const mayOutgrow = (seat: Seat): boolean => {
    const agoMs = nowMs() - (outgrownMs.get(seat) ?? -Infinity);
    if (agoMs < maxDelayMs) return false;
    if (agoMs < 2 * maxDelayMs) reports.outgrewAgain(seat.workerId, agoMs);
    outgrownMs.set(seat, nowMs());
    return true;
  };

  return {
    next() {
      if (nowMs() < fromMs) return undefined;
      // The oldest first, so that a tight limit gets round to every worker.
      const byAge = [...seats.values()].toSorted(
        (a, b) => (a.holder?.id ?? 0) - (b.holder?.id ?? 0),
      );
      for (const seat of byAge) {
        const reason = seat.isReplacing ? undefined : seat.holder?.recycleReason(options);
        if (reason === undefined) continue;
        if (reason !== 'recycled-memory' || mayOutgrow(seat)) return { seat, reason };
      }
      return undefined;
    },
    failed() {
      // What is over its limit stays so: do not start one failing replacement after another.
      fromMs = nowMs() + maxDelayMs;
    },
  };
}
