// Any process: every error of cluster.offload(). Their codes are with all others in errors.ts.
import { toErrorInfo } from './error-info.js';
import { CorralError } from './errors.js';

/** @param call as in `tasks.hash()`, here and in the others */
export function offloadSaturated(
  call: string,
  details: { readonly maxQueue: number; readonly retryAfterSeconds: number },
): CorralError {
  return new CorralError(
    'OFFLOAD_SATURATED',
    `${call} was refused: every thread is busy and ${details.maxQueue} call(s) wait already; try again in ${details.retryAfterSeconds} s, or raise threads or maxQueue`,
    { details },
  );
}

export function offloadQueueTimeout(call: string, timeoutMs: number): CorralError {
  return new CorralError(
    'OFFLOAD_TIMEOUT',
    `${call} got no thread within queueTimeoutMs (${timeoutMs} ms) and was not run; the threads are busy for longer than that`,
    { details: { phase: 'queue', timeoutMs } },
  );
}

export function offloadRunTimeout(call: string, timeoutMs: number): CorralError {
  return new CorralError(
    'OFFLOAD_TIMEOUT',
    `${call} ran for longer than timeoutMs (${timeoutMs} ms); its thread was terminated`,
    { details: { phase: 'run', timeoutMs } },
  );
}

export function offloadAborted(call: string, reason: unknown): CorralError {
  return new CorralError('OFFLOAD_ABORTED', `${call} was taken back by its signal`, {
    cause: reason,
  });
}

export function offloadCrashed(call: string, cause: unknown): CorralError {
  const { code, message } = toErrorInfo(cause);
  const why =
    code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? 'it reached its memory limit; see resourceLimits'
      : message;
  return new CorralError('OFFLOAD_CRASHED', `the thread of ${call} has ended: ${why}`, { cause });
}

/** @param where unknown when it is in what was to be transferred */
export function offloadUncloneable(
  call: string,
  of: 'the arguments' | 'the input' | 'the result',
  where: { readonly path: string; readonly what: string } | undefined,
  cause?: unknown,
): CorralError {
  const problem =
    where === undefined
      ? `${of} cannot be passed between threads: ${toErrorInfo(cause).message}`
      : `${of} cannot be passed between threads: ${where.path || 'the value itself'} is ${where.what}`;
  return new CorralError('OFFLOAD_UNCLONEABLE', `${call}: ${problem}`, {
    cause,
    details: { of, path: where?.path },
  });
}

export function offloadModuleFailed(call: string, cause: Error): CorralError {
  return new CorralError(
    'OFFLOAD_MODULE_FAILED',
    `${call}: its module cannot be loaded in a thread: ${cause.message}`,
    { cause },
  );
}

export function offloadUnknownFunction(call: string, exported: readonly string[]): CorralError {
  return new CorralError(
    'OFFLOAD_MODULE_FAILED',
    `${call}: its module exports no such function, only ${exported.join(', ') || 'nothing'}`,
  );
}
