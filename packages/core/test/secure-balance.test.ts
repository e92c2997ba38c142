// Process tests: HTTPS and HTTP/2 with several workers, in every way of balancing.
import { once } from 'node:events';
import fs from 'node:fs';
import http2 from 'node:http2';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { waitUntilGone } from '@corral/test-kit';
import { MODES, upgrade } from './balance-support.js';
import { call, pidsOf, startServing, statusOf } from './support.js';

const ca = fs.readFileSync(new URL('fixtures/support/localhost-cert.pem', import.meta.url), 'utf8');

/** Does a TLS handshake and one request; resolves with who answered, and a ticket for the next time. */
async function handshake(
  port: number,
  session?: Buffer,
): Promise<{ workerId: string; isReused: boolean; session: Buffer }> {
  const socket = tls.connect({
    port,
    ca,
    host: '127.0.0.1',
    ...(session === undefined ? {} : { session }),
  });
  let ticket: Buffer | undefined;
  let isReused = false;
  socket.on('secureConnect', () => (isReused = socket.isSessionReused()));
  socket.on('session', (next: Buffer) => (ticket = next));
  socket.end('GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n');
  let response = '';
  socket.setEncoding('latin1').on('data', (text: string) => (response += text));
  await once(socket, 'end');
  const [, workerId = ''] = /^x-worker-id: (\d+)/im.exec(response) ?? [];
  return { workerId, isReused, session: ticket ?? Buffer.alloc(0) };
}

test.for(MODES)(
  'HTTPS: a session ticket of one worker is good at all others (%s)',
  async (balance) => {
    const fixture = await startServing(
      'secure.mjs',
      { workers: 2, balance, minUptimeMs: 0 },
      { env: { SERVER: 'https' } },
    );
    const first = await handshake(fixture.port);
    expect(first.isReused).toBe(false);

    const resumeEverywhere = async (): Promise<void> => {
      const workerIds = new Set<string>();
      for (let tries = 0; tries < 100 && workerIds.size < 2; tries++) {
        const next = await handshake(fixture.port, first.session);
        expect(next.isReused).toBe(true);
        workerIds.add(next.workerId);
      }
      expect(workerIds).toEqual(new Set(['1', '2']));
    };
    await resumeEverywhere();
    // Also at those of the next generation.
    await call(fixture, 'reload');
    await waitUntilGone(pidsOf(fixture.status));
    await resumeEverywhere();
  },
);

interface Lane {
  readonly workerIds: Set<string>;
  readonly errors: unknown[];
  answered: number;
}

type ResponseHeaders = http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader;

/** Resolves with the response's headers, or with undefined when the stream was refused. */
async function request(session: http2.ClientHttp2Session): Promise<ResponseHeaders | undefined> {
  return await new Promise((resolve, reject) => {
    const stream = session.request({ ':path': '/?delayMs=20' });
    let headers: ResponseHeaders = {};
    stream.on('response', (received) => (headers = received));
    stream.on('end', () => resolve(headers)).resume();
    stream.on('close', () => reject(new Error('closed before the end of the response')));
    stream.on('error', (error: Error) => {
      // As after GOAWAY: not processed, so clients send it again by themselves (RFC 9113 §8.7).
      if (stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM) resolve(undefined);
      else reject(error);
    });
  });
}

/** One request after another, a few on each session, until the server says GOAWAY. */
async function runLane(url: string, isOver: () => boolean): Promise<Lane> {
  const lane: Lane = { workerIds: new Set(), errors: [], answered: 0 };
  while (!isOver()) {
    const session = http2.connect(url, { ca });
    session.on('error', (error) => lane.errors.push(error));
    let isLeaving = false;
    session.on('goaway', () => (isLeaving = true));
    for (let requests = 0; requests < 10 && !isLeaving && !isOver(); requests++) {
      const headers = await request(session).catch(
        (error: unknown) => void lane.errors.push(error),
      );
      if (headers === undefined) break;
      if (headers[':status'] !== 200) lane.errors.push(headers[':status']);
      lane.workerIds.add(String(headers['x-worker-id']));
      lane.answered += 1;
    }
    session.close();
  }
  return lane;
}

test.for(
  MODES.flatMap((balance) => (['h2', 'h2c'] as const).map((server) => ({ balance, server }))),
)(
  'HTTP/2 ($server): a reload and an upgrade under load lose no request ($balance)',
  async ({ balance, server }) => {
    const fixture = await startServing(
      'secure.mjs',
      { workers: 2, balance, minUptimeMs: 0 },
      { env: { SERVER: server } },
    );
    const url = `${server === 'h2' ? 'https' : 'http'}://127.0.0.1:${fixture.port}`;
    let isOver = false;
    onTestFinished(() => void (isOver = true));
    const lanes = Promise.all(
      Array.from({ length: 4 }, async () => await runLane(url, () => isOver)),
    );

    expect(await call(fixture, 'reload')).toMatchObject({ ok: true, value: { replaced: 2 } });
    await waitUntilGone(pidsOf(fixture.status));
    const before = [fixture.pid, ...pidsOf(await statusOf(fixture))];
    expect(await upgrade(fixture)).toMatchObject({ ok: true });
    await waitUntilGone(before);
    isOver = true;

    const all = await lanes;
    expect(all.flatMap(({ errors }) => errors)).toEqual([]);
    expect(all.reduce((sum, { answered }) => sum + answered, 0)).toBeGreaterThan(40);
    const workerIds = new Set(all.flatMap((lane) => Array.from(lane.workerIds)));
    expect(workerIds).toEqual(new Set(['1', '2']));
  },
);
