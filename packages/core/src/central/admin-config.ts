// Primary or single process: the configuration on the admin server: shown, and changed when that is allowed.
import type { IncomingMessage } from 'node:http';
import type { ConfigStatus, ConfigUpdateReport } from '../config/config-channel.js';
import { toErrorInfo } from '../error-info.js';
import { CorralError } from '../errors.js';
import type { HealthRequest, HealthResponse } from '../health/health.js';
import { isReadMethod, jsonResponse } from '../health/probe-response.js';
import type { ConfigUpdate } from '../protocol/messages.js';

export interface AdminConfig {
  status(): ConfigStatus;
  update(update: ConfigUpdate): Promise<ConfigUpdateReport>;
}

/** What a request to change the configuration says, free of Node's streams. */
export interface ConfigRequest extends HealthRequest {
  readonly host: string | undefined;
  readonly contentType: string | undefined;
  readonly ifMatch: string | undefined;
  /** Reads the body; undefined when it is too large. */
  readonly readBody: () => Promise<string | undefined>;
}

const ALLOWED = 'GET, HEAD, PUT, PATCH';
const MAX_BODY_BYTES = 1024 * 1024;
const UPDATE_TIMEOUT_MS = 5_000;
/** By these names a browser that was led here by another site's DNS does not call us. */
const LOCAL_HOST = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i;

/**
 * GET shows it without secrets, PUT replaces it, PATCH applies a merge patch. `If-Match: "7"` refuses the
 * change unless 7 is the version in force; the `ETag` of each answer is the version.
 */
export async function answerConfig(
  request: ConfigRequest,
  config: AdminConfig,
  isWritable: boolean,
): Promise<HealthResponse> {
  const { method } = request;
  if (isReadMethod(method)) {
    const status = config.status();
    return withHeaders(jsonResponse(200, status, request), { etag: `"${status.version}"` });
  }
  const refuse = (status: number, error: string): HealthResponse =>
    withHeaders(jsonResponse(status, { error }, request), { allow: ALLOWED });
  if (method !== 'PUT' && method !== 'PATCH') return refuse(405, `use ${ALLOWED}`);
  if (!isWritable) {
    return refuse(
      403,
      'the configuration cannot be changed here unless admin.configWrites is true',
    );
  }
  if (!LOCAL_HOST.test(request.host ?? ''))
    return refuse(403, 'only requests to localhost may do this');
  // A type that no page of another site can send without asking us first.
  if (!/^application\/(merge-patch\+)?json\b/i.test(request.contentType ?? '')) {
    return refuse(415, 'send application/json, or application/merge-patch+json to PATCH');
  }
  const expectedVersion = /^"(\d{1,15})"$/.exec(request.ifMatch ?? '')?.[1];
  if (request.ifMatch !== undefined && expectedVersion === undefined) {
    return refuse(400, 'If-Match must be one version in quotes, as ETag has it');
  }
  const text = await request.readBody();
  if (text === undefined) return refuse(413, `at most ${MAX_BODY_BYTES} bytes`);
  if (!isJson(text)) return refuse(400, 'the body is not JSON');
  try {
    const report = await config.update({
      kind: method === 'PUT' ? 'whole' : 'patch',
      text,
      timeoutMs: UPDATE_TIMEOUT_MS,
      ...(expectedVersion === undefined ? {} : { expectedVersion: Number(expectedVersion) }),
    });
    const etag = `"${report.rolledBackBy ?? report.version}"`;
    const status = report.rejected.length === 0 ? 200 : 409;
    return withHeaders(jsonResponse(status, report, request), { etag });
  } catch (error) {
    return failure(error, request);
  }
}

function failure(error: unknown, request: HealthRequest): HealthResponse {
  const { code, message } = toErrorInfo(error);
  const answer = (status: number, more: object = {}): HealthResponse =>
    jsonResponse(status, { error: message, code, ...more }, request);
  if (error instanceof CorralError && code === 'CONFIG_INVALID') {
    return answer(422, { issues: error.details });
  }
  // Without the details, which are the configuration with its secrets.
  return code === 'CONFIG_CONFLICT' ? answer(412) : answer(503);
}

export function toConfigRequest(message: IncomingMessage, request: HealthRequest): ConfigRequest {
  const { headers } = message;
  return {
    ...request,
    host: headers.host,
    contentType: headers['content-type'],
    ifMatch: headers['if-match'],
    async readBody() {
      const chunks: Buffer[] = [];
      let bytes = 0;
      try {
        for await (const chunk of message as AsyncIterable<Buffer>) {
          bytes += chunk.length;
          if (bytes > MAX_BODY_BYTES) return undefined;
          chunks.push(chunk);
        }
      } catch {
        // The client has gone, and hears no answer.
        return undefined;
      }
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}

function withHeaders(
  response: HealthResponse,
  headers: Readonly<Record<string, string>>,
): HealthResponse {
  return { ...response, headers: { ...response.headers, ...headers } };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
