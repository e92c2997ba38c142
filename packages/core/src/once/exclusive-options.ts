// Any process: what runExclusive() and singleton() are given; validated and defaulted once.
import { invalidArgument } from '../errors.js';
import { refuseUnknownOptions } from '../state/known-options.js';
import type { ExclusiveOptions, SingletonOptions } from './exclusive-work.js';
import { MAX_TIMER_MS } from '../values/timer-ms.js';

/** Room for what goes before it within a key of the state. */
const MAX_NAME_LENGTH = 256;
const MIN_TTL_MS = 100;
const DEFAULT_TTL_MS = 10_000;

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkWork(call: string, name: unknown, work: unknown): void {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH) {
    throw invalidArgument(call, name, `a name of 1…${MAX_NAME_LENGTH} characters`);
  }
  if (typeof work !== 'function') throw invalidArgument(call, work, 'a function');
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function resolveExclusiveOptions(options: ExclusiveOptions): Required<ExclusiveOptions> {
  const call = 'cluster.runExclusive(name, work, options)';
  refuseUnknownOptions(options, ['waitMs', 'ttlMs'], call);
  return Object.freeze({
    waitMs: checkMs(call, 'waitMs', options.waitMs ?? 10_000, 0),
    ttlMs: checkMs(call, 'ttlMs', options.ttlMs ?? DEFAULT_TTL_MS, MIN_TTL_MS),
  });
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function resolveSingletonOptions(options: SingletonOptions): Required<SingletonOptions> {
  const call = 'cluster.singleton(name, start, options)';
  refuseUnknownOptions(options, ['ttlMs', 'stopTimeoutMs'], call);
  return Object.freeze({
    ttlMs: checkMs(call, 'ttlMs', options.ttlMs ?? DEFAULT_TTL_MS, MIN_TTL_MS),
    stopTimeoutMs: checkMs(call, 'stopTimeoutMs', options.stopTimeoutMs ?? 5_000, 1),
  });
}

function checkMs(call: string, option: string, value: unknown, minMs: number): number {
  if (
    typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    value >= minMs &&
    value <= MAX_TIMER_MS
  ) {
    return value;
  }
  const expected = `a whole number of ms, ${minMs}…${MAX_TIMER_MS}`;
  throw invalidArgument(`${call}, options.${option}`, value, expected);
}
