// Any process that runs the app: express-rate-limit's Store on core's counter. Translates only.
import { createRateCounter } from '@corral/core';
import type { RateCounterOptions } from '@corral/core';
import type { ClientRateLimitInfo, Options, Store } from 'express-rate-limit';

/**
 * A store for express-rate-limit 8 that counts over all workers, and machines. One for each limiter, and
 * where their keys are the same each with a `prefix`:
 *
 * ```ts
 * app.use(rateLimit({ limit: 100, windowMs: 60_000, store: createRateLimitStore() }));
 * ```
 *
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option
 */
export function createRateLimitStore(options: RateCounterOptions = {}): Store {
  const counter = createRateCounter(options);
  let windowMs = 60_000;
  const infoOf = (hits: number, resetInMs: number): ClientRateLimitInfo => ({
    totalHits: hits,
    resetTime: new Date(Date.now() + resetInMs),
  });
  return {
    // What counts, counts for every process.
    localKeys: false,
    prefix: options.prefix ?? 'default',
    init(limiter: Options) {
      ({ windowMs } = limiter);
    },
    async increment(key) {
      const { hits, resetInMs } = await counter.hit(key, windowMs);
      return infoOf(hits, resetInMs);
    },
    async get(key) {
      const found = await counter.peek(key);
      return found && infoOf(found.hits, found.resetInMs);
    },
    decrement: async (key) => await counter.undo(key),
    resetKey: async (key) => await counter.forget(key),
    resetAll: async () => await counter.forgetAll(),
  };
}
