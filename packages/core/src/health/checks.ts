// Any process: runs named health checks with a deadline, a cache and never twice at once.
import { performance } from 'node:perf_hooks';
import { toErrorInfo } from '../error-info.js';
import { invalidArgument } from '../errors.js';
import type { Logger } from '../logger.js';
import type {
  HealthCheck,
  HealthCheckKind,
  HealthCheckOptions,
  HealthCheckResult,
} from './health.js';
import { MAX_TIMER_MS } from '../values/timer-ms.js';

export type CheckResults = Readonly<Record<string, HealthCheckResult>>;

export interface Checks {
  /**
   * Adds a check; returns a function that removes it.
   *
   * @throws {CorralError} `INVALID_ARGUMENT` for a name that is taken or wrong options.
   */
  add(name: string, check: HealthCheck, options?: HealthCheckOptions): () => void;
  /** Runs the checks of these kinds, or reuses their results. Never rejects. */
  run(kinds: readonly HealthCheckKind[]): Promise<CheckResults>;
  /** Removes every check; the signals of running ones abort. Idempotent. */
  close(): void;
}

/** The clock checks are timed by; tests bring their own. */
export interface CheckClock {
  /** Monotonic, in ms. */
  nowMs(): number;
  /** Calls back once after `delayMs` unless the returned function is called before. */
  after(delayMs: number, callback: () => void): () => void;
}

const SYSTEM_CLOCK: CheckClock = {
  nowMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

interface Entry {
  readonly name: string;
  readonly check: HealthCheck;
  readonly kind: HealthCheckKind;
  readonly timeoutMs: number;
  readonly cacheMs: number;
  readonly critical: boolean;
  /** The run in progress; shared by everyone who asks meanwhile. Undefined results: the check was removed. */
  running: Promise<HealthCheckResult | undefined> | undefined;
  last: { readonly result: HealthCheckResult; readonly endedAtMs: number } | undefined;
  /** Aborts when the check is removed. */
  readonly removed: AbortController;
}

const KINDS: readonly HealthCheckKind[] = ['live', 'ready', 'startup'];

export function createChecks({
  logger,
  clock = SYSTEM_CLOCK,
}: {
  readonly logger: Logger;
  readonly clock?: CheckClock;
}): Checks {
  const entries = new Map<string, Entry>();

  const resultOf = (entry: Entry): Promise<HealthCheckResult | undefined> => {
    const { last, cacheMs } = entry;
    if (last !== undefined && clock.nowMs() - last.endedAtMs < cacheMs) {
      return Promise.resolve(last.result);
    }
    entry.running ??= runOnce(entry).then((result) => {
      entry.running = undefined;
      if (result === undefined) return undefined;
      entry.last = { result, endedAtMs: clock.nowMs() };
      return result;
    });
    return entry.running;
  };

  const runOnce = async (entry: Entry): Promise<HealthCheckResult | undefined> => {
    const { kind, critical, timeoutMs } = entry;
    const startedAtMs = clock.nowMs();
    const outcome = await race(entry, clock);
    const durationMs = clock.nowMs() - startedAtMs;
    switch (outcome.type) {
      case 'removed':
        return undefined;
      case 'passed': {
        const details = toDetails(outcome.value);
        logRecovery(entry);
        return {
          status: 'up',
          kind,
          critical,
          durationMs,
          ...(details === undefined ? {} : { details }),
        };
      }
      case 'failed':
        logFailure(entry, 'failed', { err: toLoggable(outcome.error) });
        return { status: 'down', kind, critical, durationMs, reason: 'failed' };
      case 'timeout':
        logFailure(entry, `did not end within ${timeoutMs} ms`, { timeoutMs });
        return { status: 'down', kind, critical, durationMs, reason: 'timeout' };
      default:
        return outcome satisfies never;
    }
  };

  // A dependency may be down for hours while probes go on: only a change is worth a line.
  const logFailure = (entry: Entry, what: string, details: object): void => {
    const level = entry.last?.result.status === 'down' ? 'debug' : 'warn';
    const { name, kind } = entry;
    const message = `health check '${name}' ${what}`;
    try {
      logger[level]({ check: name, kind, ...details }, message);
    } catch {
      // What was thrown cannot even be read, such as an error whose getters throw.
      logger[level]({ check: name, kind }, message);
    }
  };

  const logRecovery = ({ name, kind, last }: Entry): void => {
    if (last?.result.status !== 'down') return;
    logger.info({ check: name, kind }, `health check '${name}' passes again`);
  };

  const remove = (entry: Entry): void => {
    if (entries.get(entry.name) === entry) entries.delete(entry.name);
    entry.removed.abort();
  };

  return {
    add(name, check, options = {}) {
      const entry = toEntry(name, check, options);
      if (entries.has(name)) {
        throw invalidArgument('health.addCheck(name)', name, 'a name that no other check has');
      }
      entries.set(name, entry);
      return () => remove(entry);
    },
    async run(kinds) {
      const due = [...entries.values()].filter((entry) => kinds.includes(entry.kind));
      const results = await Promise.all(
        due.map(async (entry) => [entry.name, await resultOf(entry)] as const),
      );
      return Object.fromEntries(
        results.flatMap(([name, result]) => (result === undefined ? [] : [[name, result]])),
      );
    },
    close() {
      for (const entry of entries.values()) remove(entry);
    },
  };
}

type Outcome =
  | { readonly type: 'passed'; readonly value: unknown }
  | { readonly type: 'failed'; readonly error: unknown }
  | { readonly type: 'timeout' | 'removed' };

/**
 * Calls the check and waits for whatever comes first. A check that ignores its signal is left behind:
 * how it ends later changes nothing.
 */
function race(entry: Entry, clock: CheckClock): Promise<Outcome> {
  const { check, timeoutMs, removed } = entry;
  if (removed.signal.aborted) return Promise.resolve({ type: 'removed' });
  const controller = new AbortController();
  return new Promise<Outcome>((resolve) => {
    const end = (outcome: Outcome): void => {
      cancelTimer();
      removed.signal.removeEventListener('abort', onRemoved);
      resolve(outcome);
    };
    const onRemoved = (): void => {
      end({ type: 'removed' });
      controller.abort();
    };
    const cancelTimer = clock.after(timeoutMs, () => {
      end({ type: 'timeout' });
      controller.abort();
    });
    removed.signal.addEventListener('abort', onRemoved, { once: true });
    void (async () => {
      try {
        end({ type: 'passed', value: await check({ signal: controller.signal }) });
      } catch (error) {
        end({ type: 'failed', error });
      }
    })();
  });
}

/** A copy of a plain object, as far as JSON can tell it; anything else a check returns is nobody's fault. */
function toDetails(value: unknown): Readonly<Record<string, unknown>> | undefined {
  try {
    if (!isPlainObject(value)) return undefined;
    const copy: unknown = JSON.parse(JSON.stringify(value));
    return isPlainObject(copy) ? copy : undefined;
  } catch {
    // Circular, a BigInt, a getter that throws, a revoked proxy: shown without details.
    return undefined;
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function toLoggable(thrown: unknown): object | undefined {
  try {
    return thrown instanceof Error ? thrown : toErrorInfo(thrown);
  } catch {
    // A revoked proxy refuses even `instanceof`.
    return undefined;
  }
}

function toEntry(name: unknown, check: unknown, options: HealthCheckOptions): Entry {
  // One line each in the verbose answer.
  if (typeof name !== 'string' || !/^\S(?:[^\p{Cc}]{0,98}\S)?$/u.test(name)) {
    throw invalidArgument('health.addCheck(name)', name, '1 to 100 characters on one line');
  }
  if (!isHealthCheck(check)) {
    throw invalidArgument('health.addCheck(…, check)', check, 'a function');
  }
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('health.addCheck(…, options)', options, 'an object, or nothing');
  }
  const { kind = 'ready', timeoutMs = 2_000, cacheMs = 1_000, critical = true } = options;
  const wrong = (option: string, value: unknown, expected: string): Error =>
    invalidArgument(`health.addCheck('${name}', …, { ${option} })`, value, expected);
  if (!KINDS.includes(kind)) throw wrong('kind', kind, `one of ${KINDS.join(', ')}`);
  if (!isBetween(timeoutMs, 1, MAX_TIMER_MS)) {
    throw wrong('timeoutMs', timeoutMs, `ms, 1…${MAX_TIMER_MS}`);
  }
  if (!isBetween(cacheMs, 0, Infinity)) throw wrong('cacheMs', cacheMs, 'ms, 0 or more');
  if (typeof critical !== 'boolean') throw wrong('critical', critical, 'true or false');
  return {
    name,
    check,
    kind,
    timeoutMs,
    cacheMs,
    critical,
    running: undefined,
    last: undefined,
    removed: new AbortController(),
  };
}

function isHealthCheck(value: unknown): value is HealthCheck {
  return typeof value === 'function';
}

function isBetween(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}
