// Any process that runs the app: whether a request is turned away because the event loop cannot keep up.
import type { ProcessSample } from '@corral/core';

/** At least one limit; a request is turned away while any is exceeded. */
export interface LoadSheddingOptions {
  /**
   * The longest mean delay of the event loop over the last sampling interval, in ms. A mean, not a
   * percentile: one long garbage collection is no overload. No default.
   */
  readonly maxEventLoopDelayMs?: number;
  /** The highest utilization of the event loop over the last sampling interval, above 0 and up to 1. No default. */
  readonly maxEventLoopUtilizationRatio?: number;
  /** The Retry-After header, in seconds. Default 10, as in @fastify/under-pressure. */
  readonly retryAfterSeconds?: number;
}

/** {@link LoadSheddingOptions} with every limit decided; Infinity for those that are off. */
export interface LoadSheddingLimits {
  readonly maxEventLoopDelayMs: number;
  readonly maxEventLoopUtilizationRatio: number;
  readonly retryAfterSeconds: number;
}

/** Pure: whether a process with these figures should turn a request away. */
export function isOverloaded(
  sample: Pick<ProcessSample, 'eventLoopDelayMeanMs' | 'eventLoopUtilizationRatio'>,
  limits: LoadSheddingLimits,
): boolean {
  return (
    sample.eventLoopDelayMeanMs > limits.maxEventLoopDelayMs ||
    sample.eventLoopUtilizationRatio > limits.maxEventLoopUtilizationRatio
  );
}
