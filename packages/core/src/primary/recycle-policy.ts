// Primary: decides which worker has outgrown a limit and is to be replaced. Pure.
import type { ExitReason } from '../cluster.js';

/** How far beyond a limit the workers' own limits are spread, so that they do not all go at once. */
const SPREAD_RATIO = 0.1;

export interface RecycleView {
  readonly rssBytes: number;
  readonly heapUsedRatio: number;
  readonly requests: number;
  readonly ageMs: number;
  /** 0 ≤ x < 1, drawn once for each worker. */
  readonly jitter: number;
}

export interface RecycleLimits {
  readonly maxRssBytes: number | undefined;
  readonly maxHeapUsedRatio: number | undefined;
  readonly maxRequests: number | undefined;
  readonly maxAgeMs: number | undefined;
}

export function recycleReason(view: RecycleView, limits: RecycleLimits): ExitReason | undefined {
  const spread = 1 + SPREAD_RATIO * view.jitter;
  const { maxRssBytes, maxHeapUsedRatio, maxRequests, maxAgeMs } = limits;
  if (maxRssBytes !== undefined && view.rssBytes > maxRssBytes) return 'recycled-memory';
  if (maxHeapUsedRatio !== undefined && view.heapUsedRatio > maxHeapUsedRatio) {
    return 'recycled-memory';
  }
  if (maxRequests !== undefined && view.requests >= maxRequests * spread) {
    return 'recycled-requests';
  }
  if (maxAgeMs !== undefined && view.ageMs >= maxAgeMs * spread) return 'recycled-age';
  return undefined;
}
