// CLI: one HTTP request and its whole answer. With node:http, as fetch takes longer to load than all the rest.
import http from 'node:http';

/** Whatever it is that answers more is no admin server. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

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
    /** What follows from that, such as a broken connection, is no news. */
    const giveUp = (why: string): void => {
      fail(new Error(why));
      sent.destroy();
    };
    const deadline = setTimeout(
      () => giveUp(`${timeoutMs} ms have passed, see --timeout-ms`),
      timeoutMs,
    );
    // Before there is TLS, nothing of the request is sent.
    const connected = url.protocol === 'https:' ? 'secureConnect' : 'connect';
    sent.once('socket', (socket) => socket.once(connected, () => (wasConnected = true)));
    // Not once: one that nobody listens to would end the program.
    sent.on('error', fail);
    sent.once('response', (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes > MAX_ANSWER_BYTES) giveUp('its answer has more than 64 MiB');
        else parts.push(part);
      });
      response.on('error', fail);
      response.once('end', () => {
        clearTimeout(deadline);
        const text = Buffer.concat(parts).toString('utf8');
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
