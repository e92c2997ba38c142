import { describe, expect, it } from 'vitest';
import type { ConfigUpdateReport } from '../config/config-channel.js';
import { configConflict, configInvalid, shuttingDown } from '../errors.js';
import type { ConfigUpdate } from '../protocol/messages.js';
import { answerConfig } from './admin-config.js';
import type { AdminConfig, ConfigRequest } from './admin-config.js';

const report: ConfigUpdateReport = { version: 4, applied: [0, 1], rejected: [], timedOut: [] };

function configThat(answer: ConfigUpdateReport | Error): AdminConfig & { updates: ConfigUpdate[] } {
  const updates: ConfigUpdate[] = [];
  return {
    updates,
    status: () => ({ version: 3, value: { key: '[secret]' }, processes: { 0: 3 } }),
    async update(update) {
      updates.push(update);
      if (answer instanceof Error) throw answer;
      return await Promise.resolve(answer);
    },
  };
}

function requestOf(changes: Partial<ConfigRequest> & { body?: string } = {}): ConfigRequest {
  return {
    method: 'PATCH',
    url: '/config',
    host: 'localhost:9000',
    contentType: 'application/merge-patch+json; charset=utf-8',
    ifMatch: undefined,
    readBody: async () => await Promise.resolve(changes.body ?? '{"a":1}'),
    ...changes,
  };
}

describe('the configuration on the admin server', () => {
  it('is shown, with its version as the ETag', async () => {
    const response = await answerConfig(requestOf({ method: 'GET' }), configThat(report), false);
    expect(response).toMatchObject({ status: 200, headers: { etag: '"3"' } });
    expect(JSON.parse(response.body)).toMatchObject({ version: 3, value: { key: '[secret]' } });
  });

  it('is patched and replaced', async () => {
    const config = configThat(report);
    const patched = await answerConfig(requestOf({ ifMatch: '"3"' }), config, true);
    expect(patched).toMatchObject({ status: 200, headers: { etag: '"4"' } });
    expect(JSON.parse(patched.body)).toEqual(report);
    await answerConfig(requestOf({ method: 'PUT', contentType: 'application/json' }), config, true);
    expect(config.updates).toEqual([
      { kind: 'patch', text: '{"a":1}', timeoutMs: 5_000, expectedVersion: 3 },
      { kind: 'whole', text: '{"a":1}', timeoutMs: 5_000 },
    ]);
  });

  it('says when processes have refused the change', async () => {
    const rejected = [{ workerId: 1, error: { name: 'Error', message: 'no' } }];
    const config = configThat({ ...report, rejected, rolledBackBy: 5 });
    const response = await answerConfig(requestOf(), config, true);
    expect(response).toMatchObject({ status: 409, headers: { etag: '"5"' } });
  });

  it.each<[number, string, Partial<ConfigRequest> & { body?: string }]>([
    [405, 'another method', { method: 'DELETE' }],
    [403, 'a host that is not this machine', { host: 'evil.example' }],
    [403, 'no host', { host: undefined }],
    [415, 'what a form of any page can send', { contentType: 'text/plain' }],
    [415, 'no type', { contentType: undefined }],
    [400, 'what is not JSON', { body: '{' }],
    [400, 'what is no version', { ifMatch: 'W/"3"' }],
    [413, 'too much', { readBody: async () => await Promise.resolve(undefined) }],
  ])('answers %i to %s, and changes nothing', async (status, _what, changes) => {
    const config = configThat(report);
    expect((await answerConfig(requestOf(changes), config, true)).status).toBe(status);
    expect(config.updates).toEqual([]);
  });

  it('is not changed unless that is allowed', async () => {
    const config = configThat(report);
    expect((await answerConfig(requestOf(), config, false)).status).toBe(403);
    expect(config.updates).toEqual([]);
  });

  it.each([
    [422, configInvalid('an update', [{ path: 'a', message: 'is wrong' }]), /"issues":\[/],
    [412, configConflict(2, { version: 3, value: { key: 'hidden' } }), /^(?!.*hidden)/],
    [503, shuttingDown('an update'), /SHUTTING_DOWN/],
  ])('answers %i to %s', async (status, error, body) => {
    const response = await answerConfig(requestOf(), configThat(error), true);
    expect(response.status).toBe(status);
    expect(response.body).toMatch(body);
  });
});
