// Both sides: the validation of what workers report of their task threads.
import type { DurationHistogram, OffloadModuleStatus, OffloadStatus } from '../offload/offload.js';
import * as z from '../zod.js';

const count = z.int().min(0);

const histogram: z.ZodType<DurationHistogram> = z.object({
  boundsMs: z.array(z.number()),
  counts: z.array(count),
  count,
  sumMs: z.number(),
  maxMs: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
});

const moduleStatus: z.ZodType<OffloadModuleStatus> = z.object({
  name: z.string(),
  threads: count,
  running: count,
  queued: count,
  maxQueue: count,
  completed: count,
  failed: count,
  saturated: count,
  timedOut: count,
  aborted: count,
  crashed: count,
  terminations: z.object({ timeout: count, aborted: count, crashed: count }),
  wait: histogram,
  run: histogram,
});

export const offloadStatus: z.ZodType<OffloadStatus> = z.object({
  grantedThreads: count,
  utilizationRatio: z.number(),
  modules: z.array(moduleStatus),
});
