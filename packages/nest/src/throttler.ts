// Any process that runs the app: @nestjs/throttler's storage on core's counter. Translates only.
import { createRateCounter } from '@corral/core';
import type { RateCounterOptions } from '@corral/core';
import type { ThrottlerStorage } from '@nestjs/throttler';

/**
 * A storage for @nestjs/throttler 6 that counts over all workers, and machines:
 *
 * ```ts
 * ThrottlerModule.forRoot({
 *   throttlers: [{ limit: 100, ttl: 60_000 }],
 *   storage: createThrottlerStorage(),
 * })
 * ```
 *
 * Windows are fixed: they begin with the first request. Whoever exceeds one is blocked for
 * `blockDuration` from then on, and begins anew after that; with 0, until the window ends.
 *
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option
 */
export function createThrottlerStorage(options: RateCounterOptions = {}): ThrottlerStorage {
  const counter = createRateCounter(options);
  return {
    async increment(key, ttl, limit, blockDuration, throttlerName) {
      const client = `${throttlerName} ${key}`;
      const { hits, resetInMs } = await counter.hit(client, ttl);
      const isBlocked = hits > limit;
      // Counting stays above the limit for as long as the key lives: so that is how long a block lasts.
      const beginsBlock = hits === limit + 1 && blockDuration > 0;
      if (beginsBlock) await counter.endIn(client, blockDuration);
      const endsInSeconds = Math.ceil((beginsBlock ? blockDuration : resetInMs) / 1_000);
      return {
        totalHits: hits,
        timeToExpire: endsInSeconds,
        isBlocked,
        timeToBlockExpire: isBlocked ? endsInSeconds : 0,
      };
    },
  };
}
