// Any process: what it means for a call that its thread did not return a result.
import type { Transferable } from 'node:worker_threads';
import { fromErrorInfo } from '../error-info.js';
import {
  offloadCrashed,
  offloadModuleFailed,
  offloadUncloneable,
  offloadUnknownFunction,
} from '../offload-errors.js';
import { findRefused } from './refused-value.js';
import type { CallEnd } from './offload-statistics.js';
import { fromTaskErrorInfo } from './task-error.js';
import { isThreadFailure } from './thread-call.js';
import type { ThreadCall, ThreadFailure } from './thread-call.js';

export interface CallRejection {
  readonly error: Error;
  readonly how: Extract<CallEnd, 'failed' | 'crashed'>;
}

/** @param label of the call in errors: `tasks.hash()` */
export function translateRejection(
  rejection: unknown,
  label: string,
  call: ThreadCall,
  transfer: readonly Transferable[],
): CallRejection {
  if (isThreadFailure(rejection)) return { error: toError(rejection, label), how: 'failed' };
  if (isCloneError(rejection)) {
    // Looked for only now: a call whose arguments can be cloned does not pay for it.
    const where = call.kind === 'call' ? findRefused(call.args, transfer) : undefined;
    return { error: offloadUncloneable(label, 'the arguments', where, rejection), how: 'failed' };
  }
  return { error: offloadCrashed(label, rejection), how: 'crashed' };
}

export function toError(failure: ThreadFailure, label: string): Error {
  switch (failure.failed) {
    case 'task':
      return fromTaskErrorInfo(failure.error);
    case 'module':
      return offloadModuleFailed(label, fromErrorInfo(failure.error));
    case 'function':
      return offloadUnknownFunction(label, failure.exported);
    case 'result':
      return offloadUncloneable(label, 'the result', failure);
    default:
      return failure satisfies never;
  }
}

/** From postMessage in this process: the thread has seen nothing of it. */
function isCloneError(rejection: unknown): boolean {
  return rejection instanceof Error && rejection.name === 'DataCloneError';
}
