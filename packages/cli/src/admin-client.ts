// CLI: what the admin server offers, as functions; its refusals as errors.
import type { ClusterStatus, ConfigStatus, ConfigUpdateReport } from '@corral/core';
import {
  isClusterStatus,
  isConfigIssues,
  isConfigStatus,
  isConfigUpdateReport,
  membersOf,
} from './answer-shapes.js';
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
    if (isOfProxy(answer)) throw noAnswer(url, fromProxy(answer), false);
    throw answer.status === 503 ? failure(url, answer) : notAdminServer(url, answer.status);
  };

  /** `/config` said no, or it was no `/config`. */
  const refusal = async (answer: Answer, isChange: boolean): Promise<CliError> => {
    if (isOfProxy(answer)) return noAnswer(url, fromProxy(answer), isChange);
    // Many a server answers 404, some with a code and an error in JSON: only an admin server has a status, too.
    if (answer.status === 404 || membersOf(answer.body)['code'] === undefined) await status();
    return answer.status === 404 ? configMissing(url) : failure(url, answer);
  };

  return {
    status,
    async config() {
      const answer = await ask('config', { method: 'GET' });
      if (answer.status === 200 && isConfigStatus(answer.body)) return answer.body;
      throw await refusal(answer, false);
    },
    async changeConfig({ kind, text, expectedVersion }) {
      const answer = await ask('config', {
        method: kind === 'patch' ? 'PATCH' : 'PUT',
        body: text,
        ...(expectedVersion === undefined ? {} : { ifMatch: `"${expectedVersion}"` }),
      });
      if (isConfigUpdateReport(answer.body)) return answer.body;
      throw await refusal(answer, true);
    },
  };
}

/** An admin server answers with none of these: something before it had no answer from it. */
function isOfProxy({ status }: Answer): boolean {
  return status === 502 || status === 504;
}

function fromProxy({ status }: Answer): string {
  return `HTTP ${status} from a proxy`;
}

function failure(url: URL, { status, body }: Answer): CliError {
  const said = membersOf(body);
  if (typeof said['error'] !== 'string') return notAdminServer(url, status);
  if (status === 412) return refusedByServer('CONFLICT', said['error']);
  const { issues } = said;
  if (status === 422 && isConfigIssues(issues)) {
    const lines = issues.map(
      ({ path, message }) => `\n  ${path === '' ? '' : `${path}: `}${message}`,
    );
    return refusedByServer(
      'FAILED',
      `the configuration would be invalid; nothing was changed:${lines.join('')}`,
    );
  }
  return refusedByServer('FAILED', said['error']);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
