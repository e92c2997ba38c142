// Any process that runs the app: what an HTTP client is told of Corral's own errors. For adapters, and for
// error handlers of apps.
import { nodeHttp } from './builtins.js';
import { CorralError } from './errors.js';
import type { CorralErrorCode } from './errors.js';
import type { HealthResponse } from './health/health.js';

/** A response in plain values; every adapter sends it with its framework's means. */
export type HttpErrorResponse = Pick<HealthResponse, 'status' | 'headers' | 'body'>;

/**
 * What a response says of its body: where it has failed before it was sent, that is not true of the answer to the
 * error, so adapters remove these first.
 */
export const BODY_HEADERS: readonly string[] = [
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'etag',
  'last-modified',
  'transfer-encoding',
];

/**
 * 499 is what nginx logs for a client that has left. Nobody is there to read it, but it keeps a call that
 * was taken back from being counted as a failure of the server.
 */
const STATUS: Readonly<Partial<Record<CorralErrorCode, number>>> = {
  OFFLOAD_SATURATED: 503,
  OFFLOAD_TIMEOUT: 504,
  OFFLOAD_ABORTED: 499,
  SHUTTING_DOWN: 503,
  SESSION_UNAVAILABLE: 503,
};

/**
 * What to answer to a request that failed with `error`: 503 with Retry-After for `OFFLOAD_SATURATED`,
 * `SESSION_UNAVAILABLE` and `SHUTTING_DOWN`, 504 for `OFFLOAD_TIMEOUT`, 499 for `OFFLOAD_ABORTED`; the body
 * is JSON. Undefined for every other error: those are the app's to answer.
 */
export function toHttpError(error: unknown): HttpErrorResponse | undefined {
  if (!isCorralError(error)) return undefined;
  const status = STATUS[error.code];
  if (status === undefined) return undefined;
  const retryAfterSeconds = status === 503 ? retryAfterOf(error) : undefined;
  const body = {
    statusCode: status,
    code: error.code,
    error: nodeHttp().STATUS_CODES[status] ?? 'Client Closed Request',
    // Without the details, which tell of the server's settings.
    message: PUBLIC_MESSAGES[error.code] ?? error.message,
  };
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
    body: JSON.stringify(body),
  };
}

const PUBLIC_MESSAGES: Readonly<Partial<Record<CorralErrorCode, string>>> = {
  OFFLOAD_SATURATED: 'the server is busy; try again later',
  OFFLOAD_TIMEOUT: 'the request took too long',
  OFFLOAD_ABORTED: 'the request was cancelled',
  SHUTTING_DOWN: 'the server is shutting down; try again',
  SESSION_UNAVAILABLE: 'sessions cannot be reached; try again later',
};

function retryAfterOf({ details }: CorralError): number {
  const given: unknown =
    typeof details === 'object' && details !== null
      ? Reflect.get(details, 'retryAfterSeconds')
      : undefined;
  return typeof given === 'number' ? given : 1;
}

/** By its name, too: an app may have two copies of this package. */
function isCorralError(error: unknown): error is CorralError {
  return error instanceof CorralError || (error instanceof Error && error.name === 'CorralError');
}
