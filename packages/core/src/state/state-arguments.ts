// Any process: checks what a store's methods are given, before anything travels.
import { invalidArgument } from '../errors.js';
import type { ExpiryOptions, LeaseOptions } from './state-store.js';
import { MAX_TIMER_MS } from '../values/timer-ms.js';

const MAX_KEY_LENGTH = 1_024;
const MIN_LEASE_TTL_MS = 100;

/**
 * @param call as users wrote it, for the message
 * @throws {CorralError} `INVALID_ARGUMENT`
 */
export function checkKey(call: string, key: unknown): string {
  if (typeof key !== 'string' || key === '' || key.length > MAX_KEY_LENGTH || !isWellFormed(key)) {
    throw invalidArgument(call, key, `well-formed text of 1 to ${MAX_KEY_LENGTH} characters`);
  }
  return key;
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkKeys(call: string, keys: unknown): readonly string[] {
  if (!Array.isArray(keys)) throw invalidArgument(call, keys, 'an array of keys');
  return keys.map((key) => checkKey(call, key));
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkPrefix(call: string, prefix: unknown): string {
  return prefix === '' || prefix === undefined ? '' : checkKey(call, prefix);
}

/**
 * @returns 0 for ever
 * @throws {CorralError} `INVALID_ARGUMENT`
 */
export function checkTtl(call: string, options: ExpiryOptions | undefined): number {
  if (options === undefined) return 0;
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(call, options, '{ ttlMs }, or nothing');
  }
  const { ttlMs } = options;
  if (ttlMs === undefined) return 0;
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1) {
    throw invalidArgument(`${call}, { ttlMs }`, ttlMs, 'a whole number of ms, at least 1');
  }
  return ttlMs;
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkLeaseTtl(options: LeaseOptions | undefined): number {
  const ttlMs: unknown = options?.ttlMs;
  const isInRange =
    typeof ttlMs === 'number' &&
    Number.isSafeInteger(ttlMs) &&
    ttlMs >= MIN_LEASE_TTL_MS &&
    ttlMs <= MAX_TIMER_MS;
  if (!isInRange) {
    const expected = `a whole number of ms, ${MIN_LEASE_TTL_MS}…${MAX_TIMER_MS}`;
    throw invalidArgument('state.acquireLease(name, { ttlMs })', ttlMs, expected);
  }
  return ttlMs;
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkStep(by: unknown): number {
  if (typeof by !== 'number' || !Number.isSafeInteger(by)) {
    throw invalidArgument('state.increment(key, by)', by, 'a safe integer');
  }
  return by;
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkVersion(version: unknown): number {
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 0) {
    const expected = 'the version of an entry, or 0 for none';
    throw invalidArgument('state.compareAndSet(key, expectedVersion)', version, expected);
  }
  return version;
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkFunction<F>(call: string, value: F): F {
  if (typeof value !== 'function') throw invalidArgument(call, value, 'a function');
  return value;
}

/** Half a surrogate pair has no UTF-8: two such keys could become one. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
