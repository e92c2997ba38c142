// Any process: checks what the members of `cluster.config` are given, in the process where they are called.
import { changeNotJson, invalidArgument } from '../errors.js';
import { checkTimeout } from '../messages/message-arguments.js';
import { isThenable } from '../values/thenable.js';
import type { ConfigListener } from './config-channel.js';
import { findNotJson } from './validate-config.js';

const CALL = 'cluster.config.update(change, { expectedVersion, timeoutMs })';
const DEFAULT_TIMEOUT_MS = 5_000;

export interface CheckedUpdateOptions {
  readonly expectedVersion?: number;
  readonly timeoutMs: number;
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkUpdateOptions(options: unknown = {}): CheckedUpdateOptions {
  const timeoutMs = checkTimeout(CALL, options, DEFAULT_TIMEOUT_MS);
  const expectedVersion: unknown = Reflect.get(options as object, 'expectedVersion');
  if (expectedVersion === undefined) return { timeoutMs };
  if (!Number.isSafeInteger(expectedVersion) || (expectedVersion as number) < 0) {
    throw invalidArgument(CALL, expectedVersion, 'expectedVersion: a whole number from 0');
  }
  return { timeoutMs, expectedVersion: expectedVersion as number };
}

/**
 * What travels of a change. `undefined` in an object is left out, as JSON does; nothing else may get lost or
 * become something else on the way: null in a patch takes away.
 *
 * @throws {CorralError} `INVALID_ARGUMENT`
 */
export function checkChange(change: unknown): string {
  if (isThenable(change)) {
    // Nobody waits for it.
    Promise.resolve(change).catch(() => undefined);
    throw changeNotJson(CALL, {
      path: '',
      message: 'is a promise; a function must be synchronous',
    });
  }
  const found = findNotJson(change);
  if (found !== undefined) throw changeNotJson(CALL, found);
  return JSON.stringify(change);
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkListener(listener: unknown): ConfigListener<unknown> {
  if (typeof listener === 'function') return listener as ConfigListener<unknown>;
  throw invalidArgument('cluster.config.subscribe(listener)', listener, 'a function');
}
