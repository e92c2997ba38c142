// Any process: how a probe's verdict becomes an HTTP answer; shared by health routes and admin server.
import type { HealthRequest, HealthResponse } from './health.js';

/** One thing a probe looked at. */
export interface ProbeItem {
  readonly name: string;
  readonly ok: boolean;
  /** Why it is not ok, in general terms. */
  readonly reason?: string | undefined;
  /** False: shown, but without a say in the verdict. */
  readonly critical: boolean;
}

export interface ProbeVerdict {
  /** `live`, `ready` or `startup`; what the answer is about. */
  readonly probe: string;
  readonly ok: boolean;
  readonly items: readonly ProbeItem[];
  /** What the JSON answer says beyond the verdict. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface RequestTarget {
  /** Without query, fragment and trailing slashes; `/` for the root. */
  readonly path: string;
  readonly verbose: boolean;
}

/**
 * 200 or 503 in the manner of Kubernetes: `ok`, or what failed; with `?verbose` a line for everything
 * that was looked at; as JSON for those who prefer that.
 */
export function probeResponse(verdict: ProbeVerdict, request: HealthRequest): HealthResponse {
  const status = verdict.ok ? 200 : 503;
  if (prefersJson(request.accept)) {
    const { probe, ok, details } = verdict;
    const failed = failing(verdict).map(({ name, reason }) => ({ name, reason }));
    return jsonResponse(
      status,
      { status: ok ? 'ok' : 'error', probe, ...(ok ? {} : { failed }), ...details },
      request,
    );
  }
  const { verbose } = parseTarget(request.url);
  return respond(status, 'text/plain; charset=utf-8', probeText(verdict, verbose), request);
}

export function jsonResponse(
  status: number,
  value: unknown,
  request: HealthRequest,
): HealthResponse {
  return respond(status, 'application/json; charset=utf-8', JSON.stringify(value), request);
}

export function methodNotAllowed(request: HealthRequest): HealthResponse {
  const response = respond(
    405,
    'text/plain; charset=utf-8',
    'method not allowed; use GET or HEAD',
    request,
  );
  return { ...response, headers: { ...response.headers, allow: 'GET, HEAD' } };
}

export function isReadMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Reads `req.url`: a path with a query as a rule, a whole URL when a proxy asks. Never throws. */
export function parseTarget(url: string): RequestTarget {
  const target = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').replace(/#.*$/s, '');
  const queryAt = target.indexOf('?');
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const verbose = new URLSearchParams(queryAt < 0 ? '' : target.slice(queryAt)).get('verbose');
  return {
    path: normalizePath(path),
    verbose: verbose !== null && verbose !== '0' && verbose !== 'false',
  };
}

/** With one leading slash and no trailing one. */
export function normalizePath(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end -= 1;
  const trimmed = path.slice(0, end);
  return trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
}

/** Whether an Accept header names JSON, and plain text neither more wanted nor, at a tie, first. */
export function prefersJson(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const ranges = accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    return { type, quality: quality === undefined ? 1 : Number(quality) || 0 };
  });
  const json = ranges.findIndex(({ type }) => /^application\/(?:[\w.-]+\+)?json$/.test(type));
  const text = ranges.findIndex(({ type }) => type === 'text/plain' || type === 'text/*');
  const jsonQuality = ranges[json]?.quality ?? 0;
  const textQuality = ranges[text]?.quality ?? 0;
  if (jsonQuality === 0) return false;
  return jsonQuality > textQuality || (jsonQuality === textQuality && json < text);
}

function probeText(verdict: ProbeVerdict, verbose: boolean): string {
  if (verbose) {
    const lines = verdict.items.map(
      (item) =>
        `${item.ok ? `[+]${item.name} ok` : `[-]${describe(item)}`}${item.critical ? '' : ' (not critical)'}\n`,
    );
    return `${lines.join('')}${verdict.probe} check ${verdict.ok ? 'passed' : 'failed'}\n`;
  }
  return verdict.ok ? 'ok' : failing(verdict).map(describe).join('; ');
}

function failing({ items }: ProbeVerdict): readonly ProbeItem[] {
  return items.filter(({ ok, critical }) => !ok && critical);
}

function describe({ name, reason }: ProbeItem): string {
  return reason === undefined || reason === 'failed'
    ? `${name} failed`
    : `${name} failed: ${reason}`;
}

/** A HEAD answer has GET's headers and no body. */
export function respond(
  status: number,
  contentType: string,
  body: string,
  request: HealthRequest,
): HealthResponse {
  return {
    status,
    headers: {
      'content-type': contentType,
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
    },
    body: request.method === 'HEAD' ? '' : body,
  };
}
