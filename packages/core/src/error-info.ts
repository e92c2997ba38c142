// Any process: errors as they cross a process boundary.
import type { WorkerErrorInfo } from './cluster.js';
import { describe } from './values/describe.js';

/** The other way of {@link toErrorInfo}. */
export function fromErrorInfo(info: WorkerErrorInfo | undefined): Error {
  const error = new Error(info?.message ?? 'no error was reported');
  if (info === undefined) return error;
  // `stack` and `message` stay what they are on any error: not enumerable.
  if (info.stack !== undefined) error.stack = info.stack;
  error.name = info.name;
  return info.code === undefined ? error : Object.assign(error, { code: info.code });
}

/** Turns anything thrown into something that can cross a process boundary. */
export function toErrorInfo(thrown: unknown): WorkerErrorInfo {
  if (!(thrown instanceof Error)) {
    return { name: 'Error', message: `a non-error was thrown: ${describe(thrown)}` };
  }
  // Nothing keeps an app's errors from other types than these members should have.
  const { name, message, code, stack } = thrown as Record<keyof WorkerErrorInfo, unknown>;
  return {
    name: String(name),
    message: String(message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof stack === 'string' ? { stack: stackWithCauses(thrown, new Set()) } : {}),
  };
}

function stackWithCauses(error: Error, seen: Set<Error>): string {
  const own = String(error.stack ?? error);
  seen.add(error);
  return error.cause instanceof Error && !seen.has(error.cause)
    ? `${own}\ncaused by: ${stackWithCauses(error.cause, seen)}`
    : own;
}
