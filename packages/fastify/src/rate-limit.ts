// Any process that runs the app: @fastify/rate-limit's store on core's counter. Translates only.
import { createRateCounter } from '@corral/core';
import type { RateCounter, RateCounterOptions } from '@corral/core';
import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit';

interface Hits {
  readonly current: number;
  /** In ms. */
  readonly ttl: number;
}

type Callback = (error: Error | null, hits?: Hits) => void;

/** What @fastify/rate-limit hands to its stores, of the whole and of each route. */
interface LimiterOptions {
  readonly continueExceeding?: boolean;
  readonly exponentialBackoff?: boolean;
  readonly routeInfo?: { readonly method?: string | string[]; readonly url?: string };
}

/** Far beyond any use, and what every state store takes. */
const MAX_BACKOFF_MS = 365 * 24 * 60 * 60 * 1_000;

/**
 * A store for @fastify/rate-limit 11 that counts over all workers, and machines:
 *
 * ```ts
 * await app.register(rateLimit, { max: 100, timeWindow: 60_000, store: createRateLimitStore() });
 * ```
 *
 * Routes with limits of their own are counted apart, as in its other stores.
 *
 * @returns the class that @fastify/rate-limit makes its store of
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option
 */
export function createRateLimitStore(options: RateCounterOptions = {}): FastifyRateLimitStoreCtor {
  const counter = createRateCounter(options);
  return class extends RateLimitStore {
    constructor(limiter: object) {
      super(counter, '', limiter);
    }
  };
}

class RateLimitStore implements FastifyRateLimitStore {
  readonly #counter: RateCounter;
  readonly #scope: string;
  readonly #limiter: LimiterOptions;

  constructor(counter: RateCounter, scope: string, limiter: LimiterOptions) {
    this.#counter = counter;
    this.#scope = scope;
    this.#limiter = limiter;
  }

  incr(key: string, callback: Callback, windowMs: number, max: number): void {
    answer(callback, this.#hit(this.#scope + key, windowMs, max));
  }

  /** For `{ increment: false }`. */
  read(key: string, callback: Callback): void {
    answer(callback, this.#read(this.#scope + key));
  }

  child(route: object): RateLimitStore {
    const limiter: LimiterOptions = route;
    const { method, url } = limiter.routeInfo ?? {};
    return new RateLimitStore(this.#counter, `${String(method)} ${url} `, limiter);
  }

  async #hit(key: string, windowMs: number, max: number): Promise<Hits> {
    const { hits, resetInMs } = await this.#counter.hit(key, windowMs);
    const endsInMs = hits > max ? exceededInMs(this.#limiter, windowMs, hits - max) : undefined;
    if (endsInMs === undefined) return { current: hits, ttl: resetInMs };
    await this.#counter.endIn(key, endsInMs);
    return { current: hits, ttl: endsInMs };
  }

  async #read(key: string): Promise<Hits> {
    const found = await this.#counter.peek(key);
    return { current: found?.hits ?? 0, ttl: found?.resetInMs ?? 0 };
  }
}

/** When the window ends of a client that has had too many; undefined: as it would have. Pure. */
function exceededInMs(
  limiter: LimiterOptions,
  windowMs: number,
  excess: number,
): number | undefined {
  if (limiter.continueExceeding === true) return windowMs;
  if (limiter.exponentialBackoff !== true) return undefined;
  return Math.min(windowMs * 2 ** (excess - 1), MAX_BACKOFF_MS);
}

function answer(callback: Callback, hits: Promise<Hits>): void {
  void hits.then(
    (result) => callback(null, result),
    (error: unknown) => callback(error as Error),
  );
}
