// CLI: what the admin server offers, as functions; its refusals as errors.
import type { ClusterStatus, ConfigIssue, ConfigStatus, ConfigUpdateReport } from '@corral/core';
import {
  configMissing,
  noAnswer,
  notAdminServer,
  notReachable,
  refusedByServer,
} from './errors.js';
import type { CliError } from './errors.js';
import { ExchangeError } from './http-exchange.js';
import type { Exchange, ExchangeRequest } from './http-exchange.js';

export interface ConfigChange {
  /** `patch`: a JSON merge patch; `whole`: all of it. */
  readonly kind: 'patch' | 'whole';
  /** JSON. */
  readonly text: string;
  readonly expectedVersion: number | undefined;
}

/** Every function may throw a {@link CliError}. */
export interface AdminClient {
  status(): Promise<ClusterStatus>;
  config(): Promise<ConfigStatus>;
  /** Resolves also when processes have refused it. */
  changeConfig(change: ConfigChange): Promise<ConfigUpdateReport>;
}

export interface AdminClientOptions {
  /** Ends with a slash. */
  readonly url: URL;
  readonly timeoutMs: number;
  readonly exchange: Exchange;
}

interface Answer {
  readonly status: number;
  /** Undefined when it is no JSON. */
  readonly body: unknown;
}

export function createAdminClient({ url, timeoutMs, exchange }: AdminClientOptions): AdminClient {
  const ask = async (
    path: 'status' | 'config',
    request: Pick<ExchangeRequest, 'method' | 'body'> & { readonly ifMatch?: string },
  ): Promise<Answer> => {
    const { method, body, ifMatch } = request;
    const isChange = method !== 'GET';
    try {
      const { status, text } = await exchange({
        url: new URL(path, url),
        method,
        headers: {
          accept: 'application/json',
          ...(isChange ? { 'content-type': 'application/json' } : {}),
          ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        },
        ...(body === undefined ? {} : { body }),
        timeoutMs,
      });
      return { status, body: parse(text) };
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      throw error.wasConnected
        ? noAnswer(url, error.message, isChange, error)
        : notReachable(url, error.message, error);
    }
  };

  const status = async (): Promise<ClusterStatus> => {
    const answer = await ask('status', { method: 'GET' });
    if (answer.status === 200 && isClusterStatus(answer.body)) return answer.body;
    throw answer.status === 503 ? failure(url, answer) : notAdminServer(url, answer.status);
  };

  /** `/config` said no, or it was no `/config`. */
  const refusal = async (answer: Answer): Promise<CliError> => {
    // Many a server answers 404, some with an error in JSON: only an admin server has a status, too.
    if (codeOf(answer.body) === undefined) await status();
    return answer.status === 404 ? configMissing(url) : failure(url, answer);
  };

  return {
    status,
    async config() {
      const answer = await ask('config', { method: 'GET' });
      if (answer.status === 200 && isConfigStatus(answer.body)) return answer.body;
      throw await refusal(answer);
    },
    async changeConfig({ kind, text, expectedVersion }) {
      const answer = await ask('config', {
        method: kind === 'patch' ? 'PATCH' : 'PUT',
        body: text,
        ...(expectedVersion === undefined ? {} : { ifMatch: `"${expectedVersion}"` }),
      });
      if (isConfigUpdateReport(answer.body)) return answer.body;
      throw await refusal(answer);
    },
  };
}

function failure(url: URL, { status, body }: Answer): CliError {
  const said = membersOf(body);
  if (typeof said['error'] !== 'string') return notAdminServer(url, status);
  if (status === 412) return refusedByServer('CONFLICT', said['error']);
  const { issues } = said;
  if (status === 422 && Array.isArray(issues)) {
    const lines = (issues as ConfigIssue[]).map(
      ({ path, message }) => `\n  ${path === '' ? '' : `${path}: `}${message}`,
    );
    return refusedByServer(
      'FAILED',
      `the configuration would be invalid; nothing was changed:${lines.join('')}`,
    );
  }
  return refusedByServer('FAILED', said['error']);
}

function codeOf(body: unknown): unknown {
  return membersOf(body)['code'];
}

function isClusterStatus(body: unknown): body is ClusterStatus {
  const { role, workers } = membersOf(body);
  return typeof role === 'string' && Array.isArray(workers);
}

function isConfigStatus(body: unknown): body is ConfigStatus {
  const { version, processes } = membersOf(body);
  return typeof version === 'number' && typeof processes === 'object';
}

function isConfigUpdateReport(body: unknown): body is ConfigUpdateReport {
  const { version, applied, rejected, timedOut } = membersOf(body);
  return typeof version === 'number' && [applied, rejected, timedOut].every(Array.isArray);
}

function membersOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
