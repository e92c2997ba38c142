// Test process: a client that keeps its session cookie, as a browser does.
import { probe } from './http-probe.js';
import type { ProbeResponse } from './http-probe.js';

export interface SessionClient {
  /** `name=value` of the last cookie that the server has set; undefined before. */
  cookie: string | undefined;
  /** Over a connection of its own. @param body sent as JSON */
  send(method: string, path: string, body?: object): Promise<ProbeResponse>;
}

/** @param url without a trailing slash */
export function createSessionClient(url: string): SessionClient {
  const client: SessionClient = {
    cookie: undefined,
    async send(method, path, body) {
      const response = await probe(url + path, {
        method,
        headers: {
          ...(client.cookie === undefined ? {} : { cookie: client.cookie }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const [set] = response.headers['set-cookie'] ?? [];
      if (set !== undefined) client.cookie = set.split(';', 1)[0];
      return response;
    },
  };
  return client;
}
