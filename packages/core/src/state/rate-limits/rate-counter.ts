// Any process that runs the app: counts hits exactly over all processes, for any rate limiter.
import { nodeCrypto } from '../../builtins.js';
import { isWellFormed } from '../state-arguments.js';
import { resolveRateCounterOptions } from './rate-counter-options.js';
import type { RateCounterOptions, ResolvedRateCounterOptions } from './rate-counter-options.js';

export interface RateHits {
  /** Hits in this window, the one that is counted included. */
  readonly hits: number;
  /** Until the window ends, in ms. */
  readonly resetInMs: number;
}

/**
 * Fixed windows: the first hit of a key begins one, and when it is over the key is forgotten. Where the
 * state cannot be reached, {@link RateCounterOptions.whenUnavailable} decides.
 */
export interface RateCounter {
  /** Counts a hit; one step on the state. */
  hit(key: string, windowMs: number): Promise<RateHits>;
  /** The hits so far, without counting. */
  peek(key: string): Promise<RateHits | undefined>;
  /** Takes a hit back, unless its window is over. */
  undo(key: string): Promise<void>;
  /** Lets the window end in `ms` from now. */
  endIn(key: string, ms: number): Promise<void>;
  forget(key: string): Promise<void>;
  forgetAll(): Promise<void>;
}

/** Longer keys, made of headers perhaps, are kept as their hash; so are those that the state does not take. */
const MAX_KEY_LENGTH = 256;

/** @throws {CorralError} `INVALID_ARGUMENT` for a wrong option */
export function createRateCounter(given: RateCounterOptions = {}): RateCounter {
  const { counts, logger, whenUnavailable } = resolveRateCounterOptions(given);
  const outage = createOutageLog(logger);

  const attempt = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      const result = await work();
      outage.end();
      return result;
    } catch (error) {
      if (whenUnavailable === 'closed' || !isUnavailable(error)) throw error;
      outage.begin(error);
      return otherwise;
    }
  };

  return {
    hit: async (key, windowMs) =>
      await attempt(
        async () => {
          const ttlMs = Math.max(1, Math.ceil(windowMs));
          const { value, expiresInMs } = await counts().increment(keyOf(key), 1, { ttlMs });
          return { hits: value, resetInMs: expiresInMs ?? ttlMs };
        },
        { hits: 1, resetInMs: windowMs },
      ),
    peek: async (key) =>
      await attempt(async () => {
        const entry = await counts().getEntry<number>(keyOf(key));
        return entry && { hits: entry.value, resetInMs: entry.expiresInMs ?? 0 };
      }, undefined),
    undo: async (key) =>
      await attempt(async () => {
        if (!(await counts().has(keyOf(key)))) return;
        // Should the window end just now, what this creates is gone at once.
        await counts().increment(keyOf(key), -1, { ttlMs: 1 });
      }, undefined),
    endIn: async (key, ms) =>
      await attempt(async () => {
        await counts().touch(keyOf(key), { ttlMs: Math.max(1, Math.ceil(ms)) });
      }, undefined),
    forget: async (key) =>
      await attempt(async () => void (await counts().delete(keyOf(key))), undefined),
    forgetAll: async () => await attempt(async () => void (await counts().clear()), undefined),
  };
}

function keyOf(key: string): string {
  if (key.length <= MAX_KEY_LENGTH && isWellFormed(key)) return `=${key}`;
  // As it is in memory: in UTF-8, all halves of surrogate pairs are the same.
  return `#${nodeCrypto().createHash('sha256').update(key, 'utf16le').digest('base64url')}`;
}

const UNAVAILABLE: ReadonlySet<unknown> = new Set([
  'STATE_UNAVAILABLE',
  'STATE_CLOSED',
  'STATE_FULL',
]);

function isUnavailable(error: unknown): boolean {
  return error instanceof Error && UNAVAILABLE.has(Reflect.get(error, 'code'));
}

/** One line when the state goes away and one when it is back, not one for every request. */
function createOutageLog(logger: ResolvedRateCounterOptions['logger']): {
  begin(error: unknown): void;
  end(): void;
} {
  let isOut = false;
  return {
    begin(error) {
      if (isOut) return;
      isOut = true;
      logger().warn({ err: error }, 'rate limits let everything pass: the state cannot be reached');
    },
    end() {
      if (!isOut) return;
      isOut = false;
      logger().info('rate limits count again');
    },
  };
}
