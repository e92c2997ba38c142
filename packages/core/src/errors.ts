// Any process: every error this package raises. The only place where codes and messages are made.
import type { ExitReason, ReloadReport, WorkerErrorInfo } from './cluster.js';
import { fromErrorInfo, toErrorInfo } from './error-info.js';
import type { Uncloneable } from './values/cloneable.js';
import { describe } from './values/describe.js';

/** Stable codes of {@link CorralError}; a message may change, a code does not. */
export type CorralErrorCode =
  | 'INVALID_OPTIONS'
  | 'INVALID_ARGUMENT'
  | 'ALREADY_BOOTSTRAPPED'
  | 'NO_ENTRY_SCRIPT'
  | 'BOOT_FAILED'
  | 'LISTEN_FAILED'
  | 'RELOAD_ABORTED'
  | 'RESTART_INTENSITY_EXCEEDED'
  | 'SHUTTING_DOWN'
  | 'REQUEST_TIMEOUT'
  | 'CHANNEL_CLOSED'
  | 'REMOTE_ERROR'
  | 'SINGLE_PROCESS'
  | 'UPGRADE_FAILED'
  | 'INHERITANCE_INVALID'
  | 'ENV_FILE_UNREADABLE'
  | 'BALANCE_UNAVAILABLE'
  | 'VALUE_UNCLONEABLE'
  | 'MESSAGE_TOO_LARGE'
  | 'NO_RESPONDER'
  | 'WORKER_GONE'
  | 'CHANNEL_SATURATED'
  | 'CONFIG_INVALID'
  | 'CONFIG_CONFLICT'
  | 'CONFIG_MISSING'
  | 'CONFIG_UNAVAILABLE'
  | 'STATE_VALUE_UNSUPPORTED'
  | 'STATE_VALUE_TOO_LARGE'
  | 'STATE_FULL'
  | 'STATE_TYPE_MISMATCH'
  | 'STATE_UNAVAILABLE'
  | 'STATE_CLOSED'
  | 'STATE_LEASE_LOST'
  | 'EXCLUSIVE_BUSY'
  | 'SINGLETON_FAILED'
  | 'SINGLETON_STOPPED'
  | 'SINGLETON_STUCK'
  | 'SESSION_CONFLICT'
  | 'SESSION_TOO_LARGE'
  | 'SESSION_UNAVAILABLE'
  | 'OFFLOAD_SATURATED'
  | 'OFFLOAD_TIMEOUT'
  | 'OFFLOAD_ABORTED'
  | 'OFFLOAD_CRASHED'
  | 'OFFLOAD_UNCLONEABLE'
  | 'OFFLOAD_MODULE_FAILED';

export interface CorralErrorOptions {
  readonly cause?: unknown;
  /** Machine-readable facts, such as the issues of wrong options or a reload's report. */
  readonly details?: unknown;
}

/** An error of Corral's own, with a stable {@link CorralErrorCode} and a message that says what to do. */
export class CorralError extends Error {
  override readonly name = 'CorralError';
  readonly code: CorralErrorCode;
  readonly details?: unknown;

  constructor(code: CorralErrorCode, message: string, options: CorralErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details;
  }
}

/** Exit codes of the primary and of a single process; documented in docs/signals.md. */
export const EXIT_CODES = {
  /** Shut down as asked, everything drained. */
  clean: 0,
  /** The first generation never became ready, or a shutdown had to cut connections or kill workers. */
  failure: 1,
  /** More restarts than `restart.intensity` allows (sysexits' EX_SOFTWARE). */
  crashLoop: 70,
} as const;

export interface OptionIssue {
  readonly path: string;
  readonly value: unknown;
  readonly expected: string;
}

export function invalidOptions(issues: readonly OptionIssue[]): CorralError {
  const lines = issues.map(
    ({ path, value, expected }) =>
      `  ${['options', path].filter(Boolean).join('.')}: got ${describe(value)}; expected ${expected}`,
  );
  return new CorralError(
    'INVALID_OPTIONS',
    `bootstrap() was given wrong options; nothing was started:\n${lines.join('\n')}`,
    { details: issues },
  );
}

export function invalidArgument(call: string, value: unknown, expected: string): CorralError {
  return new CorralError(
    'INVALID_ARGUMENT',
    `${call}: got ${describe(value)}; expected ${expected}`,
  );
}

export function alreadyBootstrapped(): CorralError {
  return new CorralError(
    'ALREADY_BOOTSTRAPPED',
    'bootstrap() was called a second time in this process; call it once and start every server in its main function',
  );
}

export function noEntryScript(): CorralError {
  return new CorralError(
    'NO_ENTRY_SCRIPT',
    'bootstrap() starts workers from the program’s own file, but this process has none (REPL, --eval or stdin); put the program in a file, or set workers: 0',
  );
}

export function bootFailed(reason: ExitReason, error: WorkerErrorInfo | undefined): CorralError {
  return new CorralError(
    'BOOT_FAILED',
    `the first worker did not become ready (${reason}): ${error?.message ?? 'no error was reported'}`,
    { details: { reason, error } },
  );
}

/** @param address as users know it: `host:port` or a path */
export function listenFailed(address: string, cause: unknown): CorralError {
  const { code, message } = toErrorInfo(cause);
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE:
      'another program already listens there (EADDRINUSE); stop it, or choose another port',
    EACCES:
      'this user may not listen there (EACCES); choose a port from 1024 on, or grant the right, such as CAP_NET_BIND_SERVICE',
  };
  const reason = reasons[code ?? ''] ?? message;
  return new CorralError('LISTEN_FAILED', `cannot listen on ${address}: ${reason}`, { cause });
}

export function reloadAborted(report: ReloadReport): CorralError {
  const why = report.error?.message ?? report.reason ?? 'unknown';
  return new CorralError(
    'RELOAD_ABORTED',
    `the reload to generation ${report.generation} was stopped after ${report.replaced} replaced worker(s), the others go on serving: ${why}`,
    { details: report },
  );
}

export function shuttingDown(call: string): CorralError {
  return new CorralError('SHUTTING_DOWN', `${call}: the cluster is shutting down`);
}

export function requestTimeout(name: string, timeoutMs: number): CorralError {
  return new CorralError(
    'REQUEST_TIMEOUT',
    `no answer to '${name}' within ${timeoutMs} ms; the other process may be blocked`,
  );
}

export function channelClosed(name: string): CorralError {
  return new CorralError(
    'CHANNEL_CLOSED',
    `'${name}' cannot be answered: the channel to the other process is closed`,
  );
}

export function valueUncloneable(call: string, found: Uncloneable): CorralError {
  const where = found.path === '' ? 'the value' : `'${found.path}' in the value`;
  return new CorralError(
    'VALUE_UNCLONEABLE',
    `${call}: ${where} is ${found.what}, which cannot be copied to another process; send plain data`,
    { details: found },
  );
}

export function messageTooLarge(call: string, bytes: number, limitBytes: number): CorralError {
  return new CorralError(
    'MESSAGE_TOO_LARGE',
    `${call}: the value has ${bytes} bytes, more than ${limitBytes}; send it in parts, or where it is to be found`,
    { details: { bytes, limitBytes } },
  );
}

/** @param where such as `worker 2` */
export function noResponder(name: string, where: string): CorralError {
  return new CorralError(
    'NO_RESPONDER',
    `nothing answers to '${name}' in ${where}; call cluster.respond('${name}', …) there first`,
  );
}

export function workerGone(name: string, workerId: number): CorralError {
  return new CorralError(
    'WORKER_GONE',
    `'${name}' cannot be answered: worker ${workerId} does not run, or has ended before it answered`,
  );
}

export function channelSaturated(name: string, workerId: number): CorralError {
  return new CorralError(
    'CHANNEL_SATURATED',
    `'${name}' was dropped: worker ${workerId} does not read, and too much waits for it already`,
  );
}

export interface ConfigIssue {
  /** As in `log.level`; '' is the whole. */
  readonly path: string;
  readonly message: string;
  /** Where it is written, as in `config.yaml:3:5`. */
  readonly at?: string;
}

/** Without the change itself, for it may have secrets. */
export function changeNotJson(call: string, { path, message }: ConfigIssue): CorralError {
  const where = path === '' ? 'the change' : `'${path}' of the change`;
  return new CorralError(
    'INVALID_ARGUMENT',
    `${call}: ${where} ${message}; give a patch of JSON values, or a function that returns them`,
  );
}

/** @param what such as `the configuration` or a file's path */
export function configInvalid(what: string, issues: readonly ConfigIssue[]): CorralError {
  const lines = issues.map(({ path, message, at }) => {
    const where = [at, path].filter((part) => part !== undefined && part !== '').join(' ');
    return where === '' ? `  ${message}` : `  ${where}: ${message}`;
  });
  return new CorralError(
    'CONFIG_INVALID',
    `${what} is invalid, nothing was changed:\n${lines.join('\n')}`,
    { details: issues },
  );
}

/**
 * The `details` of `CONFIG_CONFLICT`: what is in force. Loggers print the enumerable properties of an error and
 * of its details, so the value, which has the configuration's secrets, is none.
 */
export class ConfigConflictDetails {
  readonly version: number;
  readonly #value: unknown;

  constructor(current: { readonly version: number; readonly value: unknown }) {
    this.version = current.version;
    this.#value = current.value;
  }

  get value(): unknown {
    return this.#value;
  }
}

/** @param current what is in force, and its version */
export function configConflict(
  expectedVersion: number,
  current: { readonly version: number; readonly value: unknown },
): CorralError {
  return new CorralError(
    'CONFIG_CONFLICT',
    `the configuration is of version ${current.version}, not ${expectedVersion}; look at it again, and update that`,
    { details: new ConfigConflictDetails(current) },
  );
}

/** Machine-readable, in the `details` of `CONFIG_UNAVAILABLE`. */
export interface ConfigUnavailableDetails {
  /** False: it certainly has not changed anything, and may be tried again. */
  readonly mayHaveBeenExecuted: boolean;
}

export function configUnavailable(
  why: string,
  cause?: unknown,
  details: ConfigUnavailableDetails = { mayHaveBeenExecuted: false },
): CorralError {
  const outcome = details.mayHaveBeenExecuted ? 'it may have been changed' : 'nothing was changed';
  return new CorralError(
    'CONFIG_UNAVAILABLE',
    `the configuration cannot be changed at the moment, ${outcome}: ${why}`,
    cause === undefined ? { details } : { cause, details },
  );
}

/** Of a health check: what is in force is not what it should be. */
export function configOutOfStep(problem: string): CorralError {
  return new CorralError('CONFIG_UNAVAILABLE', problem);
}

export function configMissing(call: string): CorralError {
  return new CorralError(
    'CONFIG_MISSING',
    `${call}: there is no configuration; give bootstrap() one with { config: defineConfig(…) }`,
  );
}

export function remoteError(error: WorkerErrorInfo, details: unknown): CorralError {
  if (!isCorralErrorCode(error.code)) return responderFailed(error, details);
  return new CorralError(error.code, error.message, { cause: fromErrorInfo(error), details });
}

/** Whatever the error is: one of a request of the responder's own must not look like one of this request. */
export function responderFailed(error: WorkerErrorInfo, details: unknown): CorralError {
  return new CorralError('REMOTE_ERROR', error.message, { cause: fromErrorInfo(error), details });
}

export function singleProcess(call: string): CorralError {
  return new CorralError(
    'SINGLE_PROCESS',
    `${call} needs workers, but this program runs as a single process (workers: 0, CORRAL_SINGLE=1, or a worker of another process manager)`,
  );
}

export function upgradeFailed(why: string, cause?: unknown): CorralError {
  return new CorralError('UPGRADE_FAILED', `the upgrade failed, this primary goes on: ${why}`, {
    cause,
  });
}

export function inheritanceInvalid(variable: string, cause: unknown): CorralError {
  return new CorralError(
    'INHERITANCE_INVALID',
    `${variable} is not what the predecessor in an upgrade sets; take it out of the environment, and upgrade only between versions of Corral that understand each other`,
    { cause },
  );
}

export function envFileUnreadable(path: string, cause: unknown): CorralError {
  return new CorralError(
    'ENV_FILE_UNREADABLE',
    `options.envFiles: cannot read ${path}: ${toErrorInfo(cause).message}`,
    { cause },
  );
}

export function balanceUnavailable(why: string): CorralError {
  return new CorralError(
    'BALANCE_UNAVAILABLE',
    `options.balance is 'slots', but ${why}; use 'auto' to take what there is`,
  );
}

export function sessionConflict(): CorralError {
  return new CorralError(
    'SESSION_CONFLICT',
    "another request has changed or destroyed the session since this one loaded it; load it again, or set onConflict to 'merge'",
  );
}

export function sessionTooLarge(sizeBytes: number, maxPayloadBytes: number): CorralError {
  return new CorralError(
    'SESSION_TOO_LARGE',
    `the session has ${sizeBytes} bytes, but maxPayloadBytes is ${maxPayloadBytes}; keep ids in a session, and what they stand for in a database`,
  );
}

/** With the HTTP status that Express, Fastify and Nest answer with. */
export function sessionUnavailable(cause: unknown): CorralError & { readonly statusCode: 503 } {
  const error = new CorralError(
    'SESSION_UNAVAILABLE',
    `sessions cannot be reached: ${toErrorInfo(cause).message}`,
    { cause },
  );
  return Object.assign(error, { statusCode: 503 as const });
}

export function restartIntensityExceeded(
  intensity: number,
  { periodMs, onExhausted }: { readonly periodMs: number; readonly onExhausted: string },
): CorralError {
  const next = onExhausted === 'exit' ? 'giving up' : 'slowing down';
  return new CorralError(
    'RESTART_INTENSITY_EXCEEDED',
    `the workers crash in a loop: more than ${intensity} restarts within ${periodMs} ms; ${next}, as restart.onExhausted is '${onExhausted}'`,
  );
}

/** @param found where in the value, and what is there */
export function stateValueUnsupported(
  found: { readonly path: string; readonly what: string },
  cause?: unknown,
): CorralError {
  const where = found.path === '' ? 'the value' : `the value's ${found.path}`;
  return new CorralError(
    'STATE_VALUE_UNSUPPORTED',
    `${where} is ${found.what}; shared state carries plain objects and arrays of text, numbers, booleans, bigints, dates, maps, sets, buffers and plain errors`,
    { cause, details: found },
  );
}

export function stateValueTooLarge(
  what: string,
  bytes: number,
  limit: { readonly bytes: number; readonly advice: string },
): CorralError {
  return new CorralError(
    'STATE_VALUE_TOO_LARGE',
    `${what} of the shared state has ${bytes} bytes, more than ${limit.bytes}; ${limit.advice}`,
  );
}

export function stateFull(limits: {
  readonly maxEntries: number;
  readonly maxBytes: number;
}): CorralError {
  return new CorralError(
    'STATE_FULL',
    `the shared state is full (${limits.maxEntries} entries or ${limits.maxBytes} bytes); give keys a ttlMs, raise state.maxEntries or state.maxBytes, or let state.onFull be 'evict-lru' for a cache`,
  );
}

/** @param why what the number would have to be */
export function stateTypeMismatch(key: string, why: string): CorralError {
  return new CorralError('STATE_TYPE_MISMATCH', `${describe(key)} cannot be incremented: ${why}`);
}

export function stateUnavailable(why: string, cause?: unknown): CorralError {
  return new CorralError(
    'STATE_UNAVAILABLE',
    `the shared state cannot be reached: ${why}; what was asked for may have been done or not`,
    { cause },
  );
}

export function stateClosed(): CorralError {
  return new CorralError('STATE_CLOSED', 'the shared state has been closed in this process');
}

export function stateLeaseLost(name: string, why: string): CorralError {
  return new CorralError(
    'STATE_LEASE_LOST',
    `the lease ${describe(name)} is no longer held: ${why}`,
  );
}

function isCorralErrorCode(code: string | undefined): code is CorralErrorCode {
  return code !== undefined && KNOWN_CODES.has(code);
}

const KNOWN_CODES: ReadonlySet<string> = new Set<CorralErrorCode>([
  'CHANNEL_CLOSED',
  'CHANNEL_SATURATED',
  'CONFIG_CONFLICT',
  'CONFIG_INVALID',
  'CONFIG_MISSING',
  'CONFIG_UNAVAILABLE',
  'INVALID_ARGUMENT',
  'NO_RESPONDER',
  'RELOAD_ABORTED',
  'REQUEST_TIMEOUT',
  'SHUTTING_DOWN',
  'UPGRADE_FAILED',
  'VALUE_UNCLONEABLE',
  'MESSAGE_TOO_LARGE',
  'WORKER_GONE',
  'STATE_VALUE_TOO_LARGE',
  'STATE_FULL',
  'STATE_TYPE_MISMATCH',
  'STATE_UNAVAILABLE',
  'STATE_CLOSED',
]);
