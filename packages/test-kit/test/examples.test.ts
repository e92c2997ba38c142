// Process tests: the examples do what their README says, each as a user starts it.
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  createSessionClient,
  freePort,
  probe,
  probeJson,
  spawnFixture,
  startRedisServer,
  waitUntilGone,
} from '../src/index.js';
import type { Fixture, SessionClient } from '../src/index.js';

const programs: Fixture[] = [];

afterEach(async () => {
  await Promise.all(programs.splice(0).map(async (fixture) => await fixture.close()));
});

function run(path: string, env: Record<string, string>, ...args: string[]): Fixture {
  const file = new URL(`../../../${path}`, import.meta.url);
  const fixture = spawnFixture(file, { args, env: { LOG_LEVEL: 'warn', ...env } });
  programs.push(fixture);
  return fixture;
}

const BANNER = /Ctrl-C stops it\./g;

describe.each([
  ['Fastify', 'examples/fastify/dist/server.js'],
  ['Express', 'examples/express/dist/server.js'],
  ['Nest', 'examples/nest/dist/main.js'],
])('the %s example', (name, path) => {
  it('serves on every core, says so once, and stops cleanly', async () => {
    const port = await freePort();
    const example = run(path, { PORT: String(port) });
    await example.waitForOutput(/Ctrl-C stops it\./);
    const url = `http://127.0.0.1:${port}`;
    const [, workers] = new RegExp(`${name} on (\\d+) worker`).exec(example.stdout) ?? [];
    expect(example.stdout).toContain(`curl '${url}/calculate?n=200000'`);

    const { json } = await probeJson(`${url}/`);
    expect(json).toEqual({
      worker: expect.any(Number),
      pid: expect.any(Number),
      message: `Hello from ${name}`,
    });
    expect((await probeJson(`${url}/fast`)).json).toMatchObject({ ok: true });
    expect((await probeJson(`${url}/health`)).json).toMatchObject({
      pid: expect.any(Number),
      uptime: expect.any(Number),
    });
    expect((await probeJson(`${url}/calculate?n=100`)).json).toMatchObject({ n: 100, primes: 25 });
    for (const query of [
      '',
      '?n=',
      '?n=abc',
      '?n=-5',
      '?n=1.5',
      '?n=0',
      '?n=2000001',
      '?n=1&n=2',
    ]) {
      const wrong = await probeJson(`${url}/calculate${query}`);
      expect(wrong, query).toMatchObject({
        status: 400,
        json: {
          code: 'INVALID_N',
          message: expect.stringContaining('n must be a whole number from 1 to 2000000, got '),
        },
      });
    }

    const load = run('scripts/example-load.mjs', { PORT: String(port) }, '--seconds=0.3');
    expect(await load.waitForExit()).toEqual({ code: 0, signal: null });
    expect(load.stdout).toMatch(/\d+ answered .*, 0 failed/);
    expect(load.stdout.match(/worker \d+ /g)).toHaveLength(Number(workers));

    const counts = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { json } = await probeJson(`${url}/count`);
        return (json as { count: number }).count;
      }),
    );
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));

    const client = createSessionClient(url);
    expect((await client.send('POST', '/login', { user: 'no one' })).status).toBe(400);
    expect((await client.send('POST', '/login', { user: 'ann' })).status).toBe(200);
    const me = await Promise.all([1, 2, 3, 4].map(async () => await client.send('GET', '/me')));
    for (const { body } of me) expect(JSON.parse(body)).toMatchObject({ user: 'ann' });
    expect((await client.send('POST', '/logout')).status).toBe(200);
    expect(JSON.parse((await client.send('GET', '/me')).body)).toMatchObject({ user: null });

    const put = { method: 'PUT', headers: { 'content-type': 'application/json' } };
    const wrong = await probeJson(`${url}/log-level`, { ...put, body: '{"logLevel":"loud"}' });
    expect(wrong).toMatchObject({ status: 400, json: { code: 'INVALID_LOG_LEVEL' } });
    expect(example.stdout).not.toContain('incoming request');
    const changed = await probeJson(`${url}/log-level`, { ...put, body: '{"logLevel":"info"}' });
    const everybody = Array.from({ length: Number(workers) + 1 }, (_, workerId) => workerId);
    expect(changed).toMatchObject({ status: 200, json: { version: 2, applied: everybody } });
    for (let times = 0; times < 10; times += 1) {
      expect((await probeJson(`${url}/log-level`)).json).toMatchObject({ logLevel: 'info' });
    }
    await example.waitForOutput(/incoming request.*\/log-level|\/log-level.*incoming request/);

    const pids = example.family();
    example.kill('SIGINT');
    expect(await example.waitForExit()).toEqual({ code: 0, signal: null });
    await waitUntilGone(pids);
    expect(example.stdout.match(BANNER)).toHaveLength(1);
  });

  it('runs in one process, and with an admin server, when asked to', async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const env = { PORT: String(port), ADMIN_PORT: String(adminPort), CORRAL_SINGLE: '1' };
    const example = run(path, env);
    await example.waitForOutput(/Ctrl-C stops it\./);
    expect(example.stdout).toContain(`${name} in one process`);
    expect(await probe(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 200 });
    expect(example.family()).toEqual([example.pid]);
    const changed = await probeJson(`http://127.0.0.1:${adminPort}/config`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"logLevel":"error"}',
    });
    expect(changed).toMatchObject({ status: 200, json: { version: 2 } });
    example.kill('SIGTERM');
    expect(await example.waitForExit()).toEqual({ code: 0, signal: null });
  });

  it('with REDIS_URL shares counts and sessions with others, and finds them again after a restart', async () => {
    const redis = await startRedisServer();
    onTestFinished(redis.close);
    const env = { REDIS_URL: redis.url, SESSION_SECRET: 's'.repeat(32) };
    const start = async (more: Record<string, string> = {}): Promise<[Fixture, SessionClient]> => {
      const port = await freePort();
      const example = run(path, { ...env, ...more, PORT: String(port) });
      await example.waitForOutput(/Ctrl-C stops it\./);
      return [example, createSessionClient(`http://127.0.0.1:${port}`)];
    };
    const end = async (example: Fixture): Promise<void> => {
      example.kill('SIGTERM');
      expect(await example.waitForExit()).toEqual({ code: 0, signal: null });
    };
    const json = async (client: SessionClient, method: string, to: string): Promise<unknown> =>
      JSON.parse((await client.send(method, to)).body);

    const alone = { CORRAL_SINGLE: '1' };
    const [[cluster, atCluster], [single, atSingle]] = await Promise.all([start(), start(alone)]);
    expect((await atCluster.send('POST', '/login', { user: 'ann' })).status).toBe(200);
    atSingle.cookie = atCluster.cookie;
    for (const [index, client] of [atCluster, atSingle, atCluster, atSingle].entries()) {
      expect(await json(client, 'GET', '/me')).toMatchObject({ user: 'ann' });
      expect(await json(client, 'GET', '/count')).toMatchObject({ count: index + 1 });
    }
    await Promise.all([cluster, single].map(end));

    const [restarted, client] = await start(alone);
    expect(await json(client, 'GET', '/me')).toMatchObject({ user: null });
    client.cookie = atCluster.cookie;
    expect(await json(client, 'GET', '/me')).toMatchObject({ user: 'ann' });
    expect(await json(client, 'GET', '/count')).toMatchObject({ count: 5 });
    expect(await json(client, 'POST', '/logout')).toMatchObject({ user: null });
    client.cookie = atCluster.cookie;
    expect(await json(client, 'GET', '/me')).toMatchObject({ user: null });
    await end(restarted);
  });

  it('says once that its port is taken', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const example = run(path, { PORT: String(port) });
    expect(await example.waitForExit()).toEqual({ code: 1, signal: null });
    expect(example.output.match(/cannot listen on .*EADDRINUSE/g)).toHaveLength(1);
    server.close();
  });
});

describe('the offload example', () => {
  it('shrinks images and hashes passwords', async () => {
    const port = await freePort();
    const example = run('examples/offload/dist/server.js', { PORT: String(port) });
    await example.waitForOutput(/Ctrl-C stops it\./);
    const post = async (
      path: string,
      type: string,
      body: string | Uint8Array<ArrayBuffer>,
    ): Promise<Response> =>
      await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });

    // 8 × 8, opaque red.
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mP4z8CAFTEMLQkAKP8/wc53yE8AAAAASUVORK5CYII=',
      'base64',
    );
    const thumbnail = await post('/thumbnail', 'image/png', png);
    const shrunk = Buffer.from(await thumbnail.arrayBuffer());
    expect([thumbnail.status, shrunk.readUInt32BE(16), shrunk.readUInt32BE(20)]).toEqual([
      200, 2, 2,
    ]);
    expect((await post('/thumbnail', 'image/png', 'none')).status).toBe(400);
    const hash = await post('/passwords/hash', 'application/json', '{"password":"secret"}');
    expect(await hash.json()).toEqual({
      stored: expect.stringMatching(/^[0-9a-f]{32}:[0-9a-f]{64}$/) as string,
      verified: true,
    });
    example.kill('SIGTERM');
    expect(await example.waitForExit()).toEqual({ code: 0, signal: null });
  });
});

it.each([
  ['PORT', 'abc'],
  ['PORT', '65536'],
  ['ADMIN_PORT', '0'],
])('the examples refuse %s=%j with a message', async (name, port) => {
  const example = run('examples/express/dist/server.js', { [name]: port });
  expect(await example.waitForExit()).toEqual({ code: 1, signal: null });
  expect(example.output).toBe(
    `${name} is ${JSON.stringify(port)}; expected a whole number from 1 to 65535\n`,
  );
});

it('the examples refuse a secret for sessions that is too short, or missing where others need it', async () => {
  const path = 'examples/fastify/dist/server.js';
  const short = run(path, { SESSION_SECRET: 'hunter2' });
  expect(await short.waitForExit()).toEqual({ code: 1, signal: null });
  expect(short.output).toMatch(/^SESSION_SECRET is too short; expected at least 32 characters/);
  const missing = run(path, { REDIS_URL: 'redis://127.0.0.1:1' });
  expect(await missing.waitForExit()).toEqual({ code: 1, signal: null });
  expect(missing.output).toMatch(/^SESSION_SECRET is not set; with REDIS_URL/);
});
