import { describe, expect, it } from 'vitest';
import { createAdminClient } from './admin-client.js';
import type { AdminClient } from './admin-client.js';
import { ExchangeError } from './http-exchange.js';
import type { ExchangeRequest } from './http-exchange.js';

const status = {
  role: 'primary',
  pid: 1,
  nodeVersion: 'v24.0.0',
  uptimeMs: 1,
  generation: 1,
  desired: 1,
  ready: 1,
  draining: 0,
  balance: { mode: 'slots', reason: 'test' },
  restarts: { crashed: 1 },
  requests: 1,
  workers: [],
};
const worker = {
  workerId: 1,
  pid: 2,
  generation: 1,
  state: 'ready',
  uptimeMs: 1,
  rssBytes: 1,
  heapUsedBytes: 1,
  cpuRatio: 0,
  eventLoopUtilizationRatio: 0,
  eventLoopDelayP99Ms: 1,
  connections: 0,
  requests: 0,
  messages: { waiting: 0, dropped: 0, malformed: 0 },
};
const report = { version: 4, applied: [0, 1], rejected: [], timedOut: [] };
const change = { kind: 'patch', text: '{"a":1}', expectedVersion: undefined } as const;

type Outcome = readonly [status: number, body: unknown] | ExchangeError;

/** Answers GET /status and everything of /config as told; a text is sent as it is. */
function clientOf(answers: { status?: Outcome; config?: Outcome }): AdminClient & {
  requests: ExchangeRequest[];
} {
  const requests: ExchangeRequest[] = [];
  const client = createAdminClient({
    url: new URL('http://127.0.0.1:9000/'),
    timeoutMs: 1_000,
    async exchange(request) {
      requests.push(request);
      const path = request.url.pathname.slice(1) as 'status' | 'config';
      const outcome = answers[path] ?? [404, { error: 'not found' }];
      if (outcome instanceof ExchangeError) throw outcome;
      const [status, body] = outcome;
      return await Promise.resolve({
        status,
        text: typeof body === 'string' ? body : JSON.stringify(body),
      });
    },
  });
  return { ...client, requests };
}

describe('the client of the admin server', () => {
  it('sends patches and whole configurations, also with the version that they are meant for', async () => {
    const client = clientOf({ config: [200, report] });
    expect(await client.changeConfig(change)).toEqual(report);
    await client.changeConfig({ kind: 'whole', text: '{}', expectedVersion: 3 });
    expect(client.requests).toMatchObject([
      { method: 'PATCH', body: '{"a":1}', headers: { 'content-type': 'application/json' } },
      { method: 'PUT', body: '{}', headers: { 'if-match': '"3"' } },
    ]);
    expect(client.requests[0]?.headers).not.toHaveProperty('if-match');
  });

  it('returns what processes have refused, too', async () => {
    const refused = {
      ...report,
      rejected: [{ workerId: 1, error: { name: 'Error', message: 'no' } }],
    };
    expect(await clientOf({ config: [409, refused] }).changeConfig(change)).toEqual(refused);
  });

  it('keeps the path that leads to an admin server behind a proxy', async () => {
    let asked = '';
    const client = createAdminClient({
      url: new URL('https://ops.example/corral/'),
      timeoutMs: 1_000,
      exchange: async ({ url }) => {
        asked = url.href;
        return await Promise.resolve({ status: 200, text: JSON.stringify(status) });
      },
    });
    await client.status();
    expect(asked).toBe('https://ops.example/corral/status');
  });

  it.each<[string, Outcome, string, string]>([
    [
      'a conflict',
      [412, { error: 'of version 3, not 2', code: 'CONFIG_CONFLICT' }],
      'CONFLICT',
      'of version 3, not 2',
    ],
    [
      'what the schema refuses',
      [
        422,
        {
          error: 'an update is invalid',
          code: 'CONFIG_INVALID',
          issues: [
            { path: 'log.level', message: 'must be a text' },
            { path: '', message: 'is wrong' },
          ],
        },
      ],
      'FAILED',
      'the configuration would be invalid; nothing was changed:\n  log.level: must be a text\n  is wrong',
    ],
    [
      'no writes',
      [403, { error: 'not unless admin.configWrites is true' }],
      'FAILED',
      'not unless admin.configWrites is true',
    ],
    [
      'a cluster that leaves',
      [503, { error: 'is shutting down', code: 'SHUTTING_DOWN' }],
      'FAILED',
      'is shutting down',
    ],
    [
      'no configuration',
      [404, { error: 'bootstrap() was given no config' }],
      'FAILED',
      'the cluster at http://127.0.0.1:9000 has no configuration',
    ],
  ])('tells of %s', async (_what, config, code, message) => {
    const client = clientOf({ status: [200, status], config });
    await expect(client.changeConfig(change)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as unknown,
    });
  });

  it.each<[string, Outcome]>([
    ['a page', [200, '<html>']],
    ['an error of another app', [404, { error: 'Not Found', statusCode: 404 }]],
    ['something else in JSON', [200, { version: 'one' }]],
    ['null', [200, null]],
    ['a gateway', [503, 'no upstream']],
    ['an error of another app with a code', [404, { error: 'Not Found', code: 'ENOENT' }]],
    ['an app that has workers', [200, { role: 'x', workers: [] }]],
    ['an app that has versions', [200, { version: 1, processes: null }]],
    ['an app that has lists', [200, { version: 1, applied: ['a'], rejected: [1], timedOut: [] }]],
  ])('knows that %s is no admin server', async (_what, answer) => {
    const client = clientOf({ status: answer, config: answer });
    for (const call of [
      client.status,
      client.config,
      async () => await client.changeConfig(change),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'UNREACHABLE',
        message: expect.stringMatching(
          /^http:\/\/127.0.0.1:9000 answers \(HTTP \d+\), but/,
        ) as unknown,
      });
    }
  });

  it.each<[string, object]>([
    ['a worker', { workers: [{}] }],
    ['a worker that is none', { workers: [null] }],
    ['threads of a worker', { workers: [{ ...worker, offload: { modules: [] } }] }],
    ['restarts', { restarts: { crashed: 'x' } }],
    ['balance', { balance: null }],
    ['a figure', { uptimeMs: 'x' }],
    ['offload', { offload: {} }],
    ['a module', { offload: { grantedThreads: 1, utilizationRatio: 0, modules: [{}] } }],
    ['config', { config: { version: 1 } }],
    ['a process', { config: { version: 1, processes: { 0: 'x' } } }],
    ['a problem', { config: { version: 1, processes: {}, problem: 7 } }],
    ['sharing', { config: { version: 1, processes: {}, shared: null } }],
    ['a snapshot', { stateSnapshot: {} }],
  ])('takes no status of another shape: %s', async (_what, changes) => {
    await expect(
      clientOf({ status: [200, { ...status, ...changes }] }).status(),
    ).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('takes a status that has everything, and more than is known here', async () => {
    const counts = { running: 0, queued: 0, maxQueue: 1, threads: 1, completed: 0 };
    const module = {
      ...counts,
      name: 'm',
      failed: 0,
      saturated: 0,
      timedOut: 0,
      run: { p99Ms: 1 },
    };
    const offload = { grantedThreads: 1, utilizationRatio: 0, modules: [module] };
    const full = {
      ...status,
      workers: [
        { ...worker, offload },
        { ...worker, state: 'resting' },
      ],
      offload,
      config: {
        version: 1,
        value: null,
        processes: { 0: 1 },
        problem: 'x',
        shared: { reachable: true },
      },
      stateSnapshot: { file: 'f', writtenAt: '2026', entries: 1, problem: 'y' },
      news: true,
    };
    expect(await clientOf({ status: [200, full] }).status()).toEqual(full);
  });

  it.each([
    [[null], 'wrong'],
    [{}, 'wrong'],
    [[{ path: 1, message: {} }], 'wrong'],
  ])('shows the error when issues have another shape: %j', async (issues, message) => {
    const config = [422, { error: 'wrong', code: 'CONFIG_INVALID', issues }] as const;
    const client = clientOf({ status: [200, status], config });
    await expect(client.changeConfig(change)).rejects.toMatchObject({ code: 'FAILED', message });
  });

  it.each([502, 504])('does not know what came of a change when a proxy says %i', async (code) => {
    const client = clientOf({ status: [200, status], config: [code, '<html>'] });
    await expect(client.changeConfig(change)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: `no answer from http://127.0.0.1:9000: HTTP ${code} from a proxy
Whether the change was made is not known: \`corral config get\` tells what is in force.`,
    });
    await expect(client.config()).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: `no answer from http://127.0.0.1:9000: HTTP ${code} from a proxy`,
    });
  });

  it('tells when the status cannot be had', async () => {
    const client = clientOf({ status: [503, { error: 'the status is not available' }] });
    await expect(client.status()).rejects.toMatchObject({
      code: 'FAILED',
      message: 'the status is not available',
    });
  });

  it('tells when nothing answers, and whether a change may have been made', async () => {
    const refused = clientOf({ config: new ExchangeError('ECONNREFUSED', false) });
    await expect(refused.changeConfig(change)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(
        /^nothing answers at http:\/\/127.0.0.1:9000 \(ECONNREFUSED\)\n.*admin: \{ port: 9000 \}/,
      ) as unknown,
    });
    const cut = clientOf({ config: new ExchangeError('ECONNRESET', true) });
    await expect(cut.config()).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: 'no answer from http://127.0.0.1:9000: ECONNRESET',
    });
    await expect(cut.changeConfig(change)).rejects.toThrow(
      /Whether the change was made is not known/,
    );
  });

  it('shows no password of the URL', async () => {
    const client = createAdminClient({
      url: new URL('http://ann:hunter2@127.0.0.1:9000/'),
      timeoutMs: 1_000,
      exchange: async () => await Promise.reject(new ExchangeError('ECONNREFUSED', false)),
    });
    await expect(client.status()).rejects.toThrow(/^(?!.*hunter2)/s);
  });
});
