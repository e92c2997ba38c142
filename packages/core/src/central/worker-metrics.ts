// Primary or single process: the figures of workers as metrics, by the worker's number. Pure.
import type { WorkerStatus } from '../cluster.js';
import type { SeatTotals } from './metrics-aggregator.js';
import type { Metric } from './prometheus-text.js';

/**
 * While a worker is replaced, two processes have its number: what can be added up is, and of the rest the
 * higher figure is told.
 */
export function workerMetrics(
  workers: readonly WorkerStatus[],
  seats: readonly SeatTotals[],
): readonly Metric[] {
  const bySeat = new Map<number, WorkerStatus[]>();
  for (const worker of workers) {
    bySeat.set(worker.workerId, [...(bySeat.get(worker.workerId) ?? []), worker]);
  }
  const gauge = (
    name: string,
    help: string,
    figure: (worker: WorkerStatus) => number,
    combine: (figures: readonly number[]) => number,
    isKnown: (worker: WorkerStatus) => boolean = () => true,
  ): Metric => ({
    name: `corral_worker_${name}`,
    help,
    type: 'gauge',
    samples: [...bySeat].flatMap(([worker, sameSeat]) => {
      const known = sameSeat.filter(isKnown);
      return known.length === 0
        ? []
        : [{ labels: { worker }, value: combine(known.map((each) => figure(each))) }];
    }),
  });
  const counter = (name: string, help: string, figure: (seat: SeatTotals) => number): Metric => ({
    name: `corral_worker_${name}`,
    help,
    type: 'counter',
    samples: seats.map((seat) => ({ labels: { worker: seat.workerId }, value: figure(seat) })),
  });

  return [
    gauge('resident_memory_bytes', 'Resident memory.', (each) => each.rssBytes, sum, hasReported),
    gauge('heap_used_bytes', 'Used heap of V8.', (each) => each.heapUsedBytes, sum, hasReported),
    gauge('cpu_ratio', 'CPU time, 1 is one core.', (each) => each.cpuRatio, sum, hasReported),
    gauge(
      'event_loop_utilization_ratio',
      'Share of its time that the event loop was busy, 0 to 1.',
      (each) => each.eventLoopUtilizationRatio,
      highest,
      hasReported,
    ),
    gauge(
      'event_loop_delay_p99_seconds',
      'How late 99 of 100 timers were at most.',
      (each) => each.eventLoopDelayP99Ms / 1_000,
      highest,
      hasReported,
    ),
    gauge('connections', 'Open connections.', (each) => each.connections, sum),
    gauge(
      'messages_waiting',
      'Messages of the primary that wait because the worker does not read.',
      (each) => each.messages.waiting,
      sum,
    ),
    counter('requests_total', 'Requests.', (seat) => seat.requests),
    counter(
      'messages_dropped_total',
      'Messages that were lost because the worker did not read.',
      (seat) => seat.messagesDropped,
    ),
    counter(
      'messages_malformed_total',
      'Messages, in either direction, that bore the name of Corral without being its own.',
      (seat) => seat.messagesMalformed,
    ),
  ];
}

/** Until its first heartbeat, its process's figures are not zero but unknown. */
function hasReported({ rssBytes }: WorkerStatus): boolean {
  return rssBytes > 0;
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}

function highest(figures: readonly number[]): number {
  return Math.max(...figures);
}
