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

/** What tells a limiter's keys from all others'; no scope followed by a space begins another one. */
type ScopeOf = (limiter: LimiterOptions) => string;

/** Far beyond any use, and what every state store takes. */
const MAX_BACKOFF_MS = 365 * 24 * 60 * 60 * 1_000;

/**
 * A store for @fastify/rate-limit 11 that counts over all workers, and machines:
 *
 * ```ts
 * await app.register(rateLimit, { max: 100, timeWindow: 60_000, store: createRateLimitStore() });
 * ```
 *
 * Routes with limits of their own are counted apart, as in its other stores, and so is every limiter of
 * `app.rateLimit(options)` and `app.createRateLimit(options)`: by its place among them, so make each once, before
 * the app listens, and all in the same order in every process. Apps that share a state need a `prefix` each.
 *
 * @returns the class that @fastify/rate-limit makes its store of
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option
 */
export function createRateLimitStore(options: RateCounterOptions = {}): FastifyRateLimitStoreCtor {
  const counter = createRateCounter(options);
  let limiters = 0;
  const scopeOf = ({ routeInfo: { method, url } = {} }: LimiterOptions): string => {
    if (url !== undefined) return JSON.stringify([method, url]);
    // Of app.rateLimit() and its like, which have no name: the same in all processes is their order.
    limiters += 1;
    return `#${limiters}`;
  };
  return class extends RateLimitStore {
    constructor(limiter: object) {
      super(counter, scopeOf, APP_SCOPE, limiter);
    }
  };
}

/**
 * Not empty: keys may be what clients send, and one that reads like the scope of a route and a key in it would
 * be counted there.
 */
const APP_SCOPE = '*';

class RateLimitStore implements FastifyRateLimitStore {
  readonly #counter: RateCounter;
  readonly #scopeOf: ScopeOf;
  readonly #scope: string;
  readonly #limiter: LimiterOptions;

  constructor(counter: RateCounter, scopeOf: ScopeOf, scope: string, limiter: LimiterOptions) {
    this.#counter = counter;
    this.#scopeOf = scopeOf;
    this.#scope = scope;
    this.#limiter = limiter;
  }

  incr(key: string, callback: Callback, windowMs: number, max: number): void {
    answer(callback, this.#hit(`${this.#scope} ${key}`, windowMs, max));
  }

  /** For `{ increment: false }`. */
  read(key: string, callback: Callback): void {
    answer(callback, this.#read(`${this.#scope} ${key}`));
  }

  child(route: object): RateLimitStore {
    const limiter: LimiterOptions = route;
    return new RateLimitStore(this.#counter, this.#scopeOf, this.#scopeOf(limiter), limiter);
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
