// CLI: one HTTP request and its whole answer. With node:http, as fetch takes longer to load than all the rest.
import http from 'node:http';

export interface ExchangeRequest {
  readonly url: URL;
  readonly method: 'GET' | 'PUT' | 'PATCH';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For all of it, in ms. */
  readonly timeoutMs: number;
}

export interface ExchangeResponse {
  readonly status: number;
  readonly text: string;
}

/** Why there is no answer. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  /** False: the server cannot have seen the request. */
  readonly wasConnected: boolean;

  constructor(message: string, wasConnected: boolean, options?: ErrorOptions) {
    super(message, options);
    this.wasConnected = wasConnected;
  }
}

/** @throws {ExchangeError} */
export type Exchange = (request: ExchangeRequest) => Promise<ExchangeResponse>;

export const httpExchange: Exchange = async ({ url, method, headers, body, timeoutMs }) => {
  // TLS takes its time to load.
  const { request } = url.protocol === 'https:' ? await import('node:https') : http;
  return await new Promise((resolve, reject) => {
    let wasConnected = false;
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method, agent: false, headers: { ...headers, ...length } });
    const fail = (error: Error): void => {
      clearTimeout(deadline);
      reject(new ExchangeError(reasonOf(error), wasConnected, { cause: error }));
    };
    const deadline = setTimeout(() => {
      sent.destroy(new Error(`${timeoutMs} ms have passed, see --timeout-ms`));
    }, timeoutMs);
    sent.once('socket', (socket) => socket.once('connect', () => (wasConnected = true)));
    sent.once('error', fail);
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.once('error', fail);
      response.once('end', () => {
        clearTimeout(deadline);
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    sent.end(body);
  });
};

function reasonOf(error: Error): string {
  // Several addresses of one name were tried.
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [];
  const { code, message } = (first ?? error) as NodeJS.ErrnoException;
  return code ?? message;
}
