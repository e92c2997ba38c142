// Primary or single process: keeps the last figures of workers that are gone, so that no sum over the cluster falls.
import type { WorkerStatus } from '../cluster.js';
import { createOffloadHistory } from '../offload/offload-history.js';
import { mergeOffloadStatus } from '../offload/offload-statistics.js';
import type { OffloadStatus } from '../offload/offload.js';

/** What has been counted of all the processes that have had this number. */
export interface SeatTotals {
  readonly workerId: number;
  readonly requests: number;
  readonly messagesDropped: number;
  readonly messagesMalformed: number;
}

/** Given those that run, each answers for them and for those that are gone. */
export interface MetricsAggregator {
  /** A worker has ended; `last` is what it has reported last. */
  gone(last: WorkerStatus): void;
  requests(workers: readonly WorkerStatus[]): number;
  /** Of every number that there has been, in order. */
  seats(workers: readonly WorkerStatus[]): readonly SeatTotals[];
  /** Undefined when nothing has been offloaded. */
  offload(processes: ReadonlyArray<OffloadStatus | undefined>): OffloadStatus | undefined;
}

export function createMetricsAggregator(): MetricsAggregator {
  /** Of workers that are gone. */
  const bySeat = new Map<number, SeatTotals>();
  const offloaded = createOffloadHistory();

  const seats = (workers: readonly WorkerStatus[]): readonly SeatTotals[] => {
    const all = new Map(bySeat);
    for (const worker of workers) all.set(worker.workerId, add(all.get(worker.workerId), worker));
    return [...all.values()].sort((a, b) => a.workerId - b.workerId);
  };

  return {
    gone(last) {
      bySeat.set(last.workerId, add(bySeat.get(last.workerId), last));
      if (last.offload !== undefined) offloaded.add(last.offload.modules);
    },
    requests: (workers) => seats(workers).reduce((sum, { requests }) => sum + requests, 0),
    seats,
    offload(processes) {
      const known = processes.filter((each) => each !== undefined);
      if (known.length === 0 && offloaded.modules.length === 0) return undefined;
      const gone = { grantedThreads: 0, utilizationRatio: 0, modules: offloaded.modules };
      return mergeOffloadStatus([...known, gone]);
    },
  };
}

function add(
  before: SeatTotals | undefined,
  { workerId, requests, messages }: WorkerStatus,
): SeatTotals {
  return {
    workerId,
    requests: (before?.requests ?? 0) + requests,
    messagesDropped: (before?.messagesDropped ?? 0) + messages.dropped,
    messagesMalformed: (before?.messagesMalformed ?? 0) + messages.malformed,
  };
}
