// Any process: measures this process once an interval, for heartbeats, health reports and load shedding.
import { createHistogram, performance } from 'node:perf_hooks';
import type { EventLoopUtilization } from 'node:perf_hooks';
import v8 from 'node:v8';
import type { ProcessSample } from './health.js';

export interface ProcessSampler {
  /** The figures of the last whole interval; memory alone before the first has passed. */
  sample(): ProcessSample;
  /** Forgets what it has measured: the next interval begins now. */
  restart(): void;
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
  readonly heapLimitBytes: number;
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
  const { memory, heapLimitBytes, elapsedMs, cpuMicros } = figures;
  return {
    rssBytes: memory.rss,
    heapUsedBytes: memory.heapUsed,
    heapTotalBytes: memory.heapTotal,
    heapUsedRatio: finite(memory.heapUsed / heapLimitBytes),
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
  let tickedAtMs = 0;
  const tick = setInterval(() => {
    const nowMs = performance.now();
    const lateMs = nowMs - tickedAtMs - TICK_MS;
    // A histogram takes whole numbers from 1 on.
    delays.record(Math.max(1, Math.round(lateMs * 1e6)));
    tickedAtMs = nowMs;
  }, TICK_MS).unref();

  const { heap_size_limit: heapLimitBytes } = v8.getHeapStatistics();
  const moment = (): Moment => ({
    ms: performance.now(),
    cpu: process.cpuUsage(),
    loop: performance.eventLoopUtilization(),
  });
  let lastMemory: NodeJS.MemoryUsage = {
    rss: 0,
    heapUsed: 0,
    heapTotal: 0,
    external: 0,
    arrayBuffers: 0,
  };
  const memory = (): NodeJS.MemoryUsage => {
    try {
      lastMemory = process.memoryUsage();
    } catch {
      // Linux tells it in a file, which a process with as many open as it may cannot read.
    }
    return lastMemory;
  };
  let since: Moment;
  let latest: ProcessSample;

  const measure = setInterval(() => {
    const now = moment();
    latest = toProcessSample({
      memory: memory(),
      heapLimitBytes,
      elapsedMs: now.ms - since.ms,
      cpuMicros: now.cpu.user - since.cpu.user + (now.cpu.system - since.cpu.system),
      eventLoopUtilizationRatio: performance.eventLoopUtilization(now.loop, since.loop).utilization,
      eventLoopDelayMeanNanos: delays.mean,
      eventLoopDelayP99Nanos: delays.percentile(99),
    });
    delays.reset();
    since = now;
  }, intervalMs).unref();

  const restart = (): void => {
    measure.refresh();
    delays.reset();
    since = moment();
    tickedAtMs = since.ms;
    latest = toProcessSample({
      memory: memory(),
      heapLimitBytes,
      elapsedMs: 0,
      cpuMicros: 0,
      eventLoopUtilizationRatio: 0,
      eventLoopDelayMeanNanos: 0,
      eventLoopDelayP99Nanos: 0,
    });
  };
  restart();

  return {
    sample: () => latest,
    restart,
    close() {
      clearInterval(tick);
      clearInterval(measure);
    },
  };
}

interface Moment {
  readonly ms: number;
  readonly cpu: NodeJS.CpuUsage;
  readonly loop: EventLoopUtilization;
}

function finite(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}
