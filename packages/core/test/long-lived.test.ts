// Process tests: what lasts longer than a request ends in a drain: SSE, long polls, WebSockets.
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { openStream, startServing } from './support.js';

async function openWebSocket(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  socket.send('hi');
  const [data] = (await once(socket, 'message')) as [Buffer];
  expect(data.toString()).toBe('echo hi');
  return socket;
}

test('cluster.signal ends SSE streams and long polls, long before the deadline', async () => {
  const fixture = await startServing('long-lived.mjs', { workers: 2, idleGraceMs: 100 });
  const streams = await Promise.all(
    ['sse', 'poll', 'sse', 'poll'].map(async (path) => await openStream(`${fixture.url}${path}`)),
  );

  fixture.kill('SIGTERM');

  for (const { ended } of streams) expect(await ended).toBeUndefined();
  expect(streams.map(({ body }) => body)).toEqual([
    'data: hello\n\nevent: bye\n\n',
    'nothing new',
    'data: hello\n\nevent: bye\n\n',
    'nothing new',
  ]);
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});

test('WebSockets are closed with 1001 by the closer that the app registered', async () => {
  const env = { CLOSER: '1' };
  const fixture = await startServing('long-lived.mjs', { workers: 1, idleGraceMs: 100 }, { env });
  const sockets = [await openWebSocket(fixture.port), await openWebSocket(fixture.port)];
  const closes = sockets.map(async (socket) => (await once(socket, 'close')) as [number, Buffer]);

  fixture.kill('SIGTERM');

  for (const [code, reason] of await Promise.all(closes)) {
    expect({ code, reason: reason.toString() }).toEqual({ code: 1001, reason: 'going away' });
  }
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});

test('WebSockets without a closer are ended after the grace', async () => {
  const fixture = await startServing('long-lived.mjs', { workers: 1, idleGraceMs: 300 });
  const socket = await openWebSocket(fixture.port);
  const closed = once(socket, 'close') as Promise<[number]>;
  const startMs = performance.now();

  fixture.kill('SIGTERM');

  // 1006: the connection ended without a close frame.
  expect((await closed)[0]).toBe(1006);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(300);
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});
