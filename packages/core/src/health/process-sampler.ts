// Any process: measures this process once an interval, for heartbeats, health reports and load shedding.
import { createHistogram, performance } from 'node:perf_hooks';
import type { ProcessSample } from './health.js';

export interface ProcessSampler {
  /** The figures of the last whole interval; memory alone before the first has passed. */
  sample(): ProcessSample;
  /** Stops measuring; the last figures stay. Idempotent. */
  close(): void;
}

export interface ProcessSamplerOptions {
  /** How long an interval is, in ms. Default 1,000. */
  readonly intervalMs?: number;
}

/** What was counted between two moments; the input of {@link toProcessSample}. */
export interface ProcessFigures {
  readonly memory: Readonly<
    Pick<NodeJS.MemoryUsage, 'rss' | 'heapUsed' | 'heapTotal' | 'external'>
  >;
  readonly elapsedMs: number;
  /** User and system time used meanwhile, in microseconds, as `process.cpuUsage()` counts. */
  readonly cpuMicros: number;
  /** NaN when the loop neither worked nor waited. */
  readonly eventLoopUtilizationRatio: number;
  /** NaN when no delay was recorded. */
  readonly eventLoopDelayMeanNanos: number;
  readonly eventLoopDelayP99Nanos: number;
}

// How often the loop is asked how late it is: often enough for a p99 of one interval, 50 wake-ups a second.
const TICK_MS = 20;

/** Turns what was counted into figures that are always finite. */
export function toProcessSample(figures: ProcessFigures): ProcessSample {
  const { memory, elapsedMs, cpuMicros } = figures;
  return {
    rssBytes: memory.rss,
    heapUsedBytes: memory.heapUsed,
    heapTotalBytes: memory.heapTotal,
    externalBytes: memory.external,
    cpuRatio: finite(cpuMicros / 1_000 / elapsedMs),
    eventLoopUtilizationRatio: finite(figures.eventLoopUtilizationRatio),
    eventLoopDelayMeanMs: finite(figures.eventLoopDelayMeanNanos / 1e6),
    eventLoopDelayP99Ms: finite(figures.eventLoopDelayP99Nanos / 1e6),
  };
}

export function createProcessSampler({
  intervalMs = 1_000,
}: ProcessSamplerOptions = {}): ProcessSampler {
  // Not monitorEventLoopDelay(): its reset() forgets when it last ticked, so a block that begins right
  // after a reset is never seen, and it counts its own resolution as delay.
  const delays = createHistogram();
  let tickedAtMs = performance.now();
  const tick = setInterval(() => {
    const nowMs = performance.now();
    const lateMs = nowMs - tickedAtMs - TICK_MS;
    // A histogram takes whole numbers from 1 on.
    delays.record(Math.max(1, Math.round(lateMs * 1e6)));
    tickedAtMs = nowMs;
  }, TICK_MS).unref();

  let sinceMs = performance.now();
  let sinceCpu = process.cpuUsage();
  let sinceLoop = performance.eventLoopUtilization();
  let latest = toProcessSample({
    memory: process.memoryUsage(),
    elapsedMs: 0,
    cpuMicros: 0,
    eventLoopUtilizationRatio: 0,
    eventLoopDelayMeanNanos: 0,
    eventLoopDelayP99Nanos: 0,
  });

  const measure = setInterval(() => {
    const nowMs = performance.now();
    const cpu = process.cpuUsage();
    const loop = performance.eventLoopUtilization();
    latest = toProcessSample({
      memory: process.memoryUsage(),
      elapsedMs: nowMs - sinceMs,
      cpuMicros: cpu.user - sinceCpu.user + (cpu.system - sinceCpu.system),
      eventLoopUtilizationRatio: performance.eventLoopUtilization(loop, sinceLoop).utilization,
      eventLoopDelayMeanNanos: delays.mean,
      eventLoopDelayP99Nanos: delays.percentile(99),
    });
    delays.reset();
    sinceMs = nowMs;
    sinceCpu = cpu;
    sinceLoop = loop;
  }, intervalMs).unref();

  return {
    sample: () => latest,
    close() {
      clearInterval(tick);
      clearInterval(measure);
    },
  };
}

function finite(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}
