// Test process: one HTTP request at a time, with everything a test may ask about it.
import http from 'node:http';
import https from 'node:https';

export interface ProbeOptions {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
  /** Default: a new connection that is closed after the response. */
  readonly agent?: http.Agent;
  /** The whole exchange must end within this many ms. Default 15,000. */
  readonly timeoutMs?: number;
  /** Certificate authority to trust, as PEM; for https. */
  readonly ca?: string;
  readonly signal?: AbortSignal;
}

export interface ProbeResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** Whether the request went over a connection that had served another before. */
  readonly isReused: boolean;
}

/** An error of {@link probe}: the cause with what a test needs to judge it. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
  /** Such as `ECONNRESET`, `ECONNREFUSED`, or `TIMEOUT`. */
  readonly code: string;
  readonly isReused: boolean;

  constructor(code: string, isReused: boolean, method: string, url: URL, cause: unknown) {
    super(`${method} ${url.href} failed on a ${isReused ? 'reused' : 'new'} connection: ${code}`, {
      cause,
    });
    this.code = code;
    this.isReused = isReused;
  }
}

/**
 * Sends a request and reads the whole response, whatever its status.
 *
 * @throws {ProbeError} when no complete response arrives
 */
export async function probe(url: string | URL, options: ProbeOptions = {}): Promise<ProbeResponse> {
  const target = new URL(url);
  const { method = 'GET', body, timeoutMs = 15_000 } = options;
  const { request } = target.protocol === 'https:' ? https : http;
  return await new Promise((resolve, reject) => {
    const sent = request(target, {
      method,
      // Without an agent Node says `Connection: close`.
      agent: options.agent ?? false,
      headers: {
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        ...options.headers,
      },
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const fail = (error: Error): void => {
      clearTimeout(deadline);
      const { code } = error as { code?: unknown };
      const known = typeof code === 'string' ? code : error.name;
      reject(new ProbeError(known, sent.reusedSocket, method, target, error));
    };
    const deadline = setTimeout(() => {
      const error = new Error(`no complete response within ${timeoutMs} ms`);
      sent.destroy(Object.assign(error, { code: 'TIMEOUT' }));
    }, timeoutMs);
    sent.once('error', fail);
    sent.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', fail);
      response.once('end', () => {
        clearTimeout(deadline);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          isReused: sent.reusedSocket,
        });
      });
    });
    sent.end(body);
  });
}

/** {@link probe}, with the body parsed as JSON. */
export async function probeJson(
  url: string | URL,
  options: ProbeOptions = {},
): Promise<ProbeResponse & { readonly json: unknown }> {
  const response = await probe(url, {
    ...options,
    headers: { accept: 'application/json', ...options.headers },
  });
  return { ...response, json: JSON.parse(response.body) as unknown };
}
