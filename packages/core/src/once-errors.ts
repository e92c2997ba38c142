// Any process: every error of work that runs once. Their codes are with all others in errors.ts.
import { toErrorInfo } from './error-info.js';
import { CorralError } from './errors.js';

export function exclusiveBusy(name: string, waitMs: number): CorralError {
  return new CorralError(
    'EXCLUSIVE_BUSY',
    `runExclusive('${name}') was not run: others had it for all of waitMs (${waitMs} ms)`,
    { details: { waitMs } },
  );
}

export function singletonFailed(name: string, cause: unknown): CorralError {
  return new CorralError(
    'SINGLETON_FAILED',
    `the singleton '${name}' has failed here, and begins anew in any process: ${toErrorInfo(cause).message}`,
    { cause },
  );
}

/** The reason of its signal. */
export function singletonStopped(name: string): CorralError {
  return new CorralError('SINGLETON_STOPPED', `the singleton '${name}' is to leave this process`);
}

export function singletonStuck(name: string, stopTimeoutMs: number): CorralError {
  return new CorralError(
    'SINGLETON_STUCK',
    `the singleton '${name}' has not stopped within stopTimeoutMs (${stopTimeoutMs} ms): let it heed its signal. Others get it when it has, when this process ends, or when its lease expires`,
  );
}
