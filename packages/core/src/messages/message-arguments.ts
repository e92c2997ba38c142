// Any process: checks what the messaging members are given, in the process where they are called.
import { invalidArgument } from '../errors.js';
import { MAX_TIMER_MS } from '../values/timer-ms.js';
import type { RequestTarget } from './messaging.js';

/** Names travel with every message. */
const MAX_NAME_LENGTH = 256;

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkName(call: string, name: unknown): string {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH) {
    throw invalidArgument(call, name, `a text of 1…${MAX_NAME_LENGTH} characters`);
  }
  return name;
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkTarget(call: string, target: unknown): RequestTarget {
  if (target === 'primary' || target === 'any') return target;
  if (typeof target === 'number' && Number.isSafeInteger(target) && target >= 1) return target;
  throw invalidArgument(call, target, `'primary', 'any' or the number of a worker, from 1`);
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkTimeout(call: string, options: unknown, defaultMs: number): number {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(call, options, 'an object, or nothing');
  }
  const timeoutMs: unknown = Reflect.get(options, 'timeoutMs') ?? defaultMs;
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 1 && timeoutMs <= MAX_TIMER_MS)) {
    throw invalidArgument(call, timeoutMs, `timeoutMs: a number of ms, 1…${MAX_TIMER_MS}`);
  }
  return timeoutMs;
}
