// Process tests: one configuration for all processes of a cluster.
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ClusterStatus } from '@corral/core';
import { freePort, probeJson, WORKER_ID_HEADER } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { temporaryDirectory } from './balance-support.js';
import { call, openStream, startServing, statusOf } from './support.js';
import type { OpenStream } from './support.js';

/** What a request to the app of a worker is answered with. */
async function ask(
  fixture: Fixture,
  workerId: number,
  name: string,
  data?: object | number,
): Promise<unknown> {
  const outcome = await call(fixture, 'request', workerId, name, data ?? {});
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value;
}

test('an update reaches every process; a refusal takes it back; replacements begin with the newest', async () => {
  const adminPort = await freePort();
  const admin = { port: adminPort, configWrites: true };
  const fixture = await startServing('config.mjs', { workers: 2, admin });
  const info = { level: 'info', count: 0 };
  expect(await ask(fixture, 1, 'config')).toEqual({
    first: info,
    current: info,
    version: 1,
    seen: [],
    isFrozen: true,
  });

  expect(await ask(fixture, 1, 'update', { level: 'debug' })).toEqual({
    version: 2,
    applied: [0, 1, 2],
    rejected: [],
    timedOut: [],
  });
  expect(await ask(fixture, 2, 'update', { level: 'refused by 1' })).toMatchObject({
    version: 3,
    applied: [0, 2],
    rejected: [{ workerId: 1, error: { message: 'not this one' } }],
    rolledBackBy: 4,
  });
  const debug = { level: 'debug', count: 0 };
  for (const workerId of [1, 2]) {
    expect(await ask(fixture, workerId, 'config')).toMatchObject({ current: debug, version: 4 });
  }
  const failed = await call(fixture, 'request', 1, 'update', { level: 7 });
  expect(failed).toMatchObject({
    ok: false,
    error: { code: 'REMOTE_ERROR', causeCode: 'CONFIG_INVALID' },
  });

  // From both workers at once, by functions: no increment is lost.
  await Promise.all([ask(fixture, 1, 'increment', 5), ask(fixture, 2, 'increment', 5)]);
  const { version, seen } = (await ask(fixture, 1, 'config')) as {
    version: number;
    seen: number[];
  };
  expect(version).toBe(14);
  // None out of order; 3 was refused, and the way back led to 2 again.
  expect(seen).toEqual([2, 2, ...Array.from({ length: 10 }, (_, index) => index + 5)]);

  const { workers }: ClusterStatus = await statusOf(fixture);
  process.kill(workers[0]?.pid ?? 0, 'SIGKILL');
  await fixture.nextEvent(
    'workerReady',
    ({ workerId, pid }) => workerId === 1 && pid !== workers[0]?.pid,
  );
  const current = { level: 'debug', count: 10 };
  expect(await ask(fixture, 1, 'config')).toMatchObject({ first: current, version: 14, seen: [] });
  const { config } = await statusOf(fixture);
  expect(config).toEqual({ version: 14, value: current, processes: { 0: 14, 1: 14, 2: 14 } });

  // The admin server, on the same cluster.
  const send = async (
    method: string,
    body: string,
    headers: Record<string, string> = {},
  ): Promise<unknown> =>
    await probeJson(`http://127.0.0.1:${adminPort}/config`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  const ifMatch = { 'if-match': '"14"' };
  const applied = { status: 200, json: { version: 15, applied: [0, 1, 2] } };
  expect(await send('PATCH', '{"token":"hunter2"}', ifMatch)).toMatchObject(applied);
  expect(await send('PUT', '{"level":"warn"}', ifMatch)).toMatchObject({
    status: 412,
    json: { code: 'CONFIG_CONFLICT' },
  });
  expect(await send('PATCH', '{"level":7}')).toMatchObject({
    status: 422,
    json: { code: 'CONFIG_INVALID', issues: [{ path: 'level', message: 'must be a text' }] },
  });
  const shown = await probeJson(`http://127.0.0.1:${adminPort}/config`);
  expect(shown).toMatchObject({
    headers: { etag: '"15"' },
    json: { version: 15, value: { ...current, token: '[secret]' } },
  });
  expect(await ask(fixture, 2, 'config')).toMatchObject({ current: { token: 'hunter2' } });
  expect(fixture.output).not.toContain('hunter2');
});

/** A file that sets what the fixture takes from the environment. */
function tokenFile(): string {
  const file = path.join(temporaryDirectory(), 'app.env');
  fs.writeFileSync(file, 'CONFIG_TOKEN=from a file\n');
  return file;
}

test('a worker that is stopped holds nobody up twice, and gets the newest when it goes on', async () => {
  const fixture = await startServing('config.mjs', {
    workers: 2,
    stallMs: 0,
    envFiles: [tokenFile()],
  });
  expect(await ask(fixture, 1, 'config')).toMatchObject({ current: { token: 'from a file' } });
  const pid = fixture.status.workers[1]?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  const update = async (count: number): Promise<unknown> =>
    await ask(fixture, 1, 'update', { count, timeoutMs: 2_000 });
  expect(await update(1)).toMatchObject({ version: 2, applied: [0, 1], timedOut: [2] });
  for (let count = 2; count <= 50; count++) {
    expect(await update(count)).toMatchObject({ timedOut: [2] });
  }
  process.kill(pid, 'SIGCONT');
  let count = 50;
  let report: unknown;
  do report = await update((count += 1));
  while ((report as { timedOut: number[] }).timedOut.length > 0);
  expect(report).toMatchObject({
    version: count + 1,
    applied: expect.arrayContaining([2]) as unknown,
  });
  // The one that it had not read, then the newest; none of those between.
  const { seen } = (await ask(fixture, 2, 'config')) as { seen: number[] };
  expect(seen[0]).toBe(2);
  expect(seen[1]).toBeGreaterThan(50);

  // One that is on its way out has no say, however long that takes.
  const streams: OpenStream[] = [];
  do streams.push(await openStream(`${fixture.url}hold`));
  while (streams.at(-1)?.headers[WORKER_ID_HEADER] !== '2');
  const scaled = call(fixture, 'scale', 1);
  while ((await statusOf(fixture)).draining === 0);
  const last = await ask(fixture, 1, 'update', { level: 'refused by 2' });
  expect(last).toEqual({ version: count + 2, applied: [0, 1], rejected: [], timedOut: [] });
  for (const stream of streams) stream.close();
  expect(await scaled).toMatchObject({ ok: true });
  expect((await statusOf(fixture)).config).not.toHaveProperty('problem');
});

test('a single process has it, too', async () => {
  const fixture = await startServing('config.mjs', { workers: 0, envFiles: [tokenFile()] });
  expect(await ask(fixture, 1, 'config')).toMatchObject({ current: { token: 'from a file' } });
  expect(await ask(fixture, 1, 'update', { level: 'debug' })).toMatchObject({
    version: 2,
    applied: [1],
  });
  expect(fixture.status.config).toMatchObject({ version: 1, processes: { 1: 1 } });
});
