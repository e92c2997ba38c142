// Any process: every error this package raises. The codes are core's, the same for every state store.
import { CorralError } from '@corral/core';

export function invalidOption(path: string, value: unknown, expected: string): CorralError {
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new CorralError(
    'INVALID_ARGUMENT',
    `redisState(): ${path}: got ${got}; expected ${expected}`,
  );
}

export function invalidSource(found: readonly string[]): CorralError {
  return new CorralError(
    'INVALID_ARGUMENT',
    `redisState(): got ${found.length === 0 ? 'no source' : found.join(' and ')}; expected exactly one of client, url, cluster and sentinels`,
  );
}

export function stateClosed(call: string): CorralError {
  return new CorralError('STATE_CLOSED', `${call}: the state store is closed`);
}

/** What is told of a call that Redis has not answered. */
export interface UnansweredCall {
  readonly name: string;
  /** Whether it was given to a connection, so that Redis may have executed it. */
  readonly sent: boolean;
}

/** Machine-readable, in the `details` of `STATE_UNAVAILABLE`. */
export interface UnavailableDetails {
  /** False: it certainly has not changed anything, and may be tried again. */
  readonly mayHaveBeenExecuted: boolean;
}

export function timedOut(call: UnansweredCall, timeoutMs: number, cause: unknown): CorralError {
  const why = call.sent
    ? `Redis has not answered within ${timeoutMs} ms`
    : `no connection to Redis within ${timeoutMs} ms: ${messageOf(cause)}`;
  return unavailable(call, why, cause);
}

export function connectionFailed(call: UnansweredCall, cause: unknown): CorralError {
  return unavailable(call, `Redis cannot be reached: ${messageOf(cause)}`, cause);
}

export function tooManyPending(name: string, maxPending: number): CorralError {
  return unavailable(
    { name, sent: false },
    `${maxPending} commands wait for an answer already; Redis is away or too slow (option maxPending)`,
    undefined,
  );
}

/** @param why as the script says it: 'type' or 'range' */
export function typeMismatch(key: string, why: string): CorralError {
  const reason = why === 'range' ? 'the sum is no safe integer' : 'its value is no whole number';
  return new CorralError(
    'STATE_TYPE_MISMATCH',
    `increment: ${JSON.stringify(key)} cannot be incremented: ${reason}`,
  );
}

export function foreignValue(): CorralError {
  return unavailable(
    { name: 'get', sent: false },
    'the key holds what Corral has not written; give Corral a `prefix` of its own',
    undefined,
  );
}

/** Redis has refused some of a call's commands, and executed others. */
export class PartlyRefused extends Error {
  constructor(refusal: unknown) {
    super('Redis has refused a part', { cause: refusal });
  }
}

/** The error of one part of a call, of which other parts were executed. */
export function partlyExecuted(error: unknown): unknown {
  if (!(error instanceof CorralError) || error.code !== 'STATE_UNAVAILABLE') return error;
  const { mayHaveBeenExecuted } = error.details as UnavailableDetails;
  if (mayHaveBeenExecuted) return error;
  const details: UnavailableDetails = { mayHaveBeenExecuted: true };
  const { code, message, cause } = error;
  return new CorralError(code, `${message}, but other parts of the call were`, { details, cause });
}

/** Makes what ioredis has rejected with an error of ours. */
export function fromRedisError(call: UnansweredCall, error: unknown): Error {
  if (error instanceof PartlyRefused) {
    return partlyExecuted(fromRedisError(call, error.cause)) as Error;
  }
  if (!isReply(error)) return connectionFailed(call, error);
  if (/\bOOM command not allowed\b/.test(error.message)) {
    return new CorralError(
      'STATE_FULL',
      `${call.name}: Redis has reached its maxmemory; raise it, or choose an eviction policy`,
      { cause: withoutCommand(error) },
    );
  }
  // Redis has refused: every script of ours changes something in its last step only.
  return unavailable({ ...call, sent: false }, `Redis has refused: ${messageOf(error)}`, error);
}

/** Whether Redis itself has answered with the error. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Whether a Redis Cluster has answered that it serves nobody at the moment, and so has executed nothing. */
export function isClusterDown(error: unknown): boolean {
  return isReply(error) && error.message.startsWith('CLUSTERDOWN');
}

/**
 * Only what says why. ioredis puts the command on every error, with its arguments: values, sessions and
 * passwords, which loggers would print with the cause.
 */
function withoutCommand(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, lastNodeError = error.cause } = error as NodeJS.ErrnoException & {
    /** Of a Redis Cluster of which no node answers. */
    readonly lastNodeError?: unknown;
  };
  const cause = withoutCommand(lastNodeError);
  const copy = new Error(
    withoutArguments(error.message),
    cause === undefined ? undefined : { cause },
  );
  copy.stack = withoutArguments(error.stack ?? '');
  // As on other errors, not a property that is listed.
  Object.defineProperty(copy, 'name', { value: error.name });
  return code === undefined ? copy : Object.assign(copy, { code });
}

/** Redis repeats them itself where it does not know a command. */
function withoutArguments(text: string): string {
  return text.replace(/, with args beginning with:.*/g, '');
}

function unavailable(call: UnansweredCall, why: string, cause: unknown): CorralError {
  const doubt = call.sent ? '; it may have been executed' : '; it was not executed';
  const details: UnavailableDetails = { mayHaveBeenExecuted: call.sent };
  return new CorralError('STATE_UNAVAILABLE', `${call.name}: ${why}${doubt}`, {
    details,
    ...(cause === undefined ? {} : { cause: withoutCommand(cause) }),
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? withoutArguments(error.message) : 'the connection is closed';
}
