// Process tests: HTTPS and HTTP/2 (over TLS and in the clear) drain as HTTP/1.1 does.
import { once } from 'node:events';
import fs from 'node:fs';
import http2 from 'node:http2';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { startLoad } from '@corral/test-kit';
import { call, startServing, toldCounts } from './support.js';
import type { ServingFixture } from './support.js';

const ca = fs.readFileSync(new URL('fixtures/support/localhost-cert.pem', import.meta.url), 'utf8');

async function startSecure(
  server: 'https' | 'h2' | 'h2c',
  workers: number,
): Promise<ServingFixture> {
  return await startServing('secure.mjs', { workers }, { env: { SERVER: server } });
}

async function connect(server: 'h2' | 'h2c', port: number): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`${server === 'h2' ? 'https' : 'http'}://127.0.0.1:${port}`, {
    ca,
  });
  onTestFinished(() => session.destroy());
  await once(session, 'connect');
  return session;
}

async function request(session: http2.ClientHttp2Session, path: string): Promise<string> {
  const stream = session.request({ ':path': path });
  let body = '';
  stream.setEncoding('utf8').on('data', (text: string) => (body += text));
  await once(stream, 'end');
  return body;
}

test.for(['keep-alive', 'new'] as const)(
  'HTTPS: a reload and a SIGTERM under load lose no request (%s connections)',
  async (connections) => {
    const fixture = await startSecure('https', 2);
    const url = `https://127.0.0.1:${fixture.port}/?delayMs=5`;
    const load = startLoad({ url, connections, ca, concurrency: 4 });
    await load.answered(30);
    await call(fixture, 'reload');
    await load.answered(30);
    expect(load.report()).toMatchObject({ failures: [], refused: 0 });

    fixture.kill('SIGTERM');

    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    const { failures, ok } = await load.finished;
    expect(failures.filter(({ isNewConnection }) => !isNewConnection)).toEqual([]);
    expect(toldCounts(fixture.stdout)).toEqual({ received: ok, answered: ok });
  },
);

test.for(['h2', 'h2c'] as const)(
  'HTTP/2 (%s): clients get GOAWAY, streams finish, the session ends in order',
  async (server) => {
    const fixture = await startSecure(server, 1);
    const session = await connect(server, fixture.port);
    const goaway = once(session, 'goaway') as Promise<[number, number]>;
    const closed = once(session, 'close');
    expect(await request(session, '/')).toBe('worker 1: 0 bytes\n');
    const slow = request(session, '/?delayMs=900');
    // Answered after it: the slow request has arrived.
    await request(session, '/');

    fixture.kill('SIGTERM');

    // The first of two: open no more streams, those on their way are answered (RFC 9113 §6.8).
    const [code, lastStreamId] = await goaway;
    expect(code).toBe(http2.constants.NGHTTP2_NO_ERROR);
    expect(lastStreamId).toBe(2 ** 31 - 1);
    expect(await slow).toBe('worker 1: 0 bytes\n');
    await closed;
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    expect(toldCounts(fixture.stdout)).toEqual({ received: 3, answered: 3 });
  },
);

test('HTTP/2: streams opened at the moment of the drain are answered, or were never sent', async () => {
  const fixture = await startSecure('h2c', 1);
  const session = await connect('h2c', fixture.port);
  await request(session, '/');

  fixture.kill('SIGTERM');
  const outcomes = await Promise.allSettled(
    [1, 2, 3].map(async () => await request(session, '/?delayMs=20')),
  );

  // What the client had not written when it heard of the drain, it refuses itself; it may send that again.
  const answered = outcomes.filter(({ status }) => status === 'fulfilled');
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') expect(outcome.value).toBe('worker 1: 0 bytes\n');
    else expect(outcome.reason).toHaveProperty('message', expect.stringMatching(/REFUSED_STREAM/));
  }
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  const all = 1 + answered.length;
  expect(toldCounts(fixture.stdout)).toEqual({ received: all, answered: all });
});

test('an idle HTTP/2 session does not hold the process', async () => {
  const fixture = await startSecure('h2', 1);
  const session = await connect('h2', fixture.port);
  const closed = once(session, 'close');

  fixture.kill('SIGTERM');

  await closed;
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});

test('an HTTP/2 server that allows HTTP/1 drains its HTTP/1 clients too', async () => {
  const fixture = await startSecure('h2', 1);
  const url = `https://127.0.0.1:${fixture.port}/?delayMs=5`;
  const load = startLoad({ url, connections: 'keep-alive', ca, concurrency: 4 });
  await load.answered(20);

  fixture.kill('SIGTERM');

  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  const { failures, ok } = await load.finished;
  expect(failures.filter(({ isNewConnection }) => !isNewConnection)).toEqual([]);
  expect(toldCounts(fixture.stdout)).toEqual({ received: ok, answered: ok });
});

test('a connection that has agreed on HTTP/1 and then idles does not hold the process', async () => {
  const fixture = await startSecure('h2', 1);
  const socket = tls.connect({ port: fixture.port, ca, ALPNProtocols: ['http/1.1'] });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  expect(socket.alpnProtocol).toBe('http/1.1');
  const ended = once(socket.resume(), 'end');

  fixture.kill('SIGTERM');

  await ended;
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});
