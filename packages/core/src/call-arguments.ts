// Any process: checks what the handle's methods are given, in the process where they are called.
import type { ReloadOptions, UpgradeOptions } from './cluster.js';
import { invalidArgument } from './errors.js';
import { MAX_WORKERS } from './options.js';

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkReloadOptions(options: unknown): Required<ReloadOptions> {
  const call = 'cluster.reload({ concurrency })';
  const { concurrency = 1 } = members(call, options);
  if (!isWholeNumber(concurrency, 1, Number.MAX_SAFE_INTEGER)) {
    throw invalidArgument(call, concurrency, 'a whole number, at least 1');
  }
  return { concurrency };
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkUpgradeOptions(options: unknown): Required<UpgradeOptions> {
  const call = 'cluster.upgrade({ execPath })';
  const { execPath = process.execPath } = members(call, options);
  if (typeof execPath !== 'string' || execPath === '') {
    throw invalidArgument(call, execPath, 'the path of a Node.js binary');
  }
  return { execPath };
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkWorkers(workers: unknown): number {
  if (!isWholeNumber(workers, 1, MAX_WORKERS)) {
    throw invalidArgument('cluster.scale(workers)', workers, `a whole number, 1…${MAX_WORKERS}`);
  }
  return workers;
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function checkReason(reason: unknown): string {
  if (typeof reason !== 'string') {
    throw invalidArgument('cluster.shutdown(reason)', reason, 'a text, or nothing');
  }
  return reason;
}

function members(call: string, options: unknown): Readonly<Record<string, unknown>> {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(call, options, 'an object, or nothing');
  }
  return { ...options };
}

function isWholeNumber(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
}
