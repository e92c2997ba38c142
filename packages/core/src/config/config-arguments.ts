// Any process: checks what the members of `cluster.config` are given, in the process where they are called.
import { invalidArgument } from '../errors.js';
import { checkTimeout } from '../messages/message-arguments.js';
import type { ConfigListener } from './config-channel.js';

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
  if (typeof expectedVersion !== 'number' || !Number.isSafeInteger(expectedVersion)) {
    throw invalidArgument(CALL, expectedVersion, 'expectedVersion: a whole number');
  }
  return { timeoutMs, expectedVersion };
}

/**
 * What travels of a change. `undefined` in it is left out, as JSON does.
 *
 * @throws {CorralError} `INVALID_ARGUMENT`
 */
export function checkChange(change: unknown): string {
  let text: unknown;
  try {
    text = JSON.stringify(change);
  } catch {
    // A cycle, or a bigint.
  }
  if (typeof text !== 'string') {
    throw invalidArgument(CALL, change, 'a patch of JSON values, or a function that returns them');
  }
  return text;
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkListener(listener: unknown): ConfigListener<unknown> {
  if (typeof listener === 'function') return listener as ConfigListener<unknown>;
  throw invalidArgument('cluster.config.subscribe(listener)', listener, 'a function');
}
