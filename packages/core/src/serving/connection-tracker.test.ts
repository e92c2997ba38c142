import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, listen, observe, portOf, TEST_TLS } from '../../test/local-servers.js';
import { trackConnections } from './connection-tracker.js';
import type { ConnectionTracker } from './connection-tracker.js';

const GRACE_MS = 1_000;
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n';

interface Tracked {
  readonly tracker: ConnectionTracker;
  readonly counts: { http2Requests: number; changes: number };
}

/** Follows a server, and tells the tracker of requests as the registry does. */
function track(server: net.Server): Tracked {
  const counts = { http2Requests: 0, changes: 0 };
  const tracker = trackConnections(server, {
    onHttp2Request: () => void (counts.http2Requests += 1),
    onConnectionOpened: () => void (counts.changes += 1),
    onConnectionClosed: () => void (counts.changes += 1),
  });
  server.prependListener('request', (request: http.IncomingMessage, response: unknown) => {
    if (!(response instanceof http.ServerResponse)) return;
    tracker.requestStarted(request.socket, response);
    response.on('finish', () => tracker.requestFinished(request.socket, response));
  });
  return { tracker, counts };
}

async function untilEmpty(tracker: ConnectionTracker): Promise<void> {
  if (tracker.size === 0) return;
  await new Promise<void>((resolve) => tracker.onEmpty(resolve));
}

/** A server that answers when the test says so. */
async function waitingServer(): Promise<{
  readonly server: http.Server;
  readonly responses: http.ServerResponse[];
  readonly tracked: Tracked;
  readonly next: () => Promise<http.ServerResponse>;
}> {
  const server = http.createServer();
  const tracked = track(server);
  const responses: http.ServerResponse[] = [];
  server.on('request', (_request, response: http.ServerResponse) => responses.push(response));
  await listen(server);
  const next = async (): Promise<http.ServerResponse> => {
    const [, response] = (await once(server, 'request')) as [unknown, http.ServerResponse];
    return response;
  };
  return { server, responses, tracked, next };
}

describe('a connection of an HTTP server', () => {
  it('is counted while it is open, and each change is told', async () => {
    const { server, tracked } = await waitingServer();
    const { tracker, counts } = tracked;
    const [one, two] = [await connect(server), await connect(server)];
    expect([tracker.size, counts.changes]).toEqual([2, 2]);
    one.socket.destroy();
    two.socket.destroy();
    await untilEmpty(tracker);
    expect([tracker.size, counts.changes]).toEqual([0, 4]);
  });

  it('that idles is ended after the grace, counted from the first sweep', async () => {
    const { server, tracked } = await waitingServer();
    const client = await connect(server);
    tracked.tracker.closeIdle(50_000, GRACE_MS);
    tracked.tracker.closeIdle(50_999, GRACE_MS);
    expect(client.peer.writableEnded).toBe(false);
    tracked.tracker.closeIdle(51_000, GRACE_MS);
    expect(await client.ended).toBeUndefined();
    await untilEmpty(tracked.tracker);
  });

  it('that does not end when it is told to is destroyed', async () => {
    const { server, tracked } = await waitingServer();
    const client = net.connect({
      port: portOf(server),
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    await Promise.all([once(client, 'connect'), once(server, 'connection')]);
    onTestFinished(() => void client.destroy());
    client.resume();
    for (const nowMs of [0, 1_000]) tracked.tracker.closeIdle(nowMs, GRACE_MS);
    await once(client, 'end');
    expect(tracked.tracker.size).toBe(1);
    tracked.tracker.closeIdle(1_050, GRACE_MS);
    await untilEmpty(tracked.tracker);
  });

  it('with a request is not idle, however long it takes, and its grace begins after it', async () => {
    const { server, tracked, next } = await waitingServer();
    const client = await connect(server);
    const arrived = next();
    client.socket.write(GET);
    const response = await arrived;
    for (const nowMs of [0, 10_000, 20_000]) tracked.tracker.closeIdle(nowMs, GRACE_MS);
    expect(client.peer.writableEnded).toBe(false);
    const finished = once(response, 'finish');
    response.end('answer');
    await Promise.all([finished, client.receives('answer')]);
    tracked.tracker.closeIdle(20_999, GRACE_MS);
    expect(client.peer.writableEnded).toBe(false);
    tracked.tracker.closeIdle(21_000, GRACE_MS);
    expect(await client.ended).toBeUndefined();
  });

  it('with half a request is not idle', async () => {
    const { server, tracked, next } = await waitingServer();
    const client = await connect(server);
    tracked.tracker.closeIdle(0, GRACE_MS);
    client.socket.write(GET.slice(0, 10));
    await readBytes(client.peer, 10);
    tracked.tracker.closeIdle(1_000, GRACE_MS);
    tracked.tracker.closeIdle(1_999, GRACE_MS);
    expect(client.peer.writableEnded).toBe(false);
    const arrived = next();
    client.socket.write(GET.slice(10));
    (await arrived).end('answer');
    await client.receives('answer');
  });

  it('with pipelined requests answers all of them before it idles', async () => {
    const { server, tracked, responses, next } = await waitingServer();
    const client = await connect(server);
    const arrived = next();
    client.socket.write(GET + GET + GET);
    await arrived;
    while (responses.length < 3) await next();
    for (const [index, response] of responses.entries()) {
      tracked.tracker.closeIdle(index * 10_000, GRACE_MS);
      expect(client.peer.writableEnded).toBe(false);
      response.end(`answer ${index}`);
      await client.receives(`answer ${index}`);
    }
  });
});

async function readBytes(socket: net.Socket, bytes: number): Promise<void> {
  while (socket.bytesRead < bytes) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

describe('clients that are asked to leave', () => {
  it('are told by every response that has not begun, and every later one', async () => {
    const { server, tracked, next } = await waitingServer();
    const [early, begun, late] = [
      await connect(server),
      await connect(server),
      await connect(server),
    ];
    const arrivals: http.ServerResponse[] = [];
    for (const client of [early, begun]) {
      const arrived = next();
      client.socket.write(GET);
      arrivals.push(await arrived);
    }
    arrivals[1]?.write('begun');
    tracked.tracker.askClientsToLeave();
    const arrived = next();
    late.socket.write(GET);
    arrivals.push(await arrived);
    for (const response of arrivals) response.end('answer');
    await Promise.all([early, begun, late].map(async (client) => await client.receives('answer')));
    expect(early.received).toContain('Connection: close');
    expect(begun.received).toContain('Connection: keep-alive');
    expect(late.received).toContain('Connection: close');
    expect(await early.ended).toBeUndefined();
    expect(await late.ended).toBeUndefined();
  });

  it('are answered although the listener is closed', async () => {
    const { server, tracked, next } = await waitingServer();
    const client = await connect(server);
    tracked.tracker.stopAccepting();
    tracked.tracker.stopAccepting();
    expect(server.listening).toBe(false);
    const arrived = next();
    client.socket.write(GET);
    (await arrived).end('answer');
    await client.receives('answer');
  });
});

describe('an upgraded connection', () => {
  it('is long-lived: left by sweeps, ended when long-lived ones are', async () => {
    const { server, tracked } = await waitingServer();
    server.on('upgrade', (_request, socket: net.Socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    });
    const client = await connect(server);
    const idle = await connect(server);
    client.socket.write(UPGRADE);
    await client.receives('101');
    for (const nowMs of [0, 1_000]) tracked.tracker.closeIdle(nowMs, GRACE_MS);
    expect(await idle.ended).toBeUndefined();
    expect(client.peer.writableEnded).toBe(false);
    tracked.tracker.endLongLived();
    expect(await client.ended).toBeUndefined();
    await untilEmpty(tracked.tracker);
  });

  it('is also one by CONNECT', async () => {
    const { server, tracked } = await waitingServer();
    server.on('connect', (_request, socket: net.Socket) => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
    });
    const client = await connect(server);
    client.socket.write('CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.receives('200');
    for (const nowMs of [0, 1_000, 2_000]) tracked.tracker.closeIdle(nowMs, GRACE_MS);
    expect(client.peer.writableEnded).toBe(false);
    tracked.tracker.endLongLived();
    expect(await client.ended).toBeUndefined();
  });

  it('is known, too, by a listener that was there first', async () => {
    const server = http.createServer();
    server.on('upgrade', (_request, socket: net.Socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    });
    const { tracker } = track(server);
    await listen(server);
    const client = await connect(server);
    client.socket.write(UPGRADE);
    await client.receives('101');
    for (const nowMs of [0, 1_000, 2_000]) tracker.closeIdle(nowMs, GRACE_MS);
    expect(client.peer.writableEnded).toBe(false);
    tracker.destroyAll();
  });

  it('is not asked for on behalf of an app that has no listener', async () => {
    const { server, next } = await waitingServer();
    expect(server.listenerCount('upgrade')).toBe(0);
    const listener = (): void => undefined;
    server.on('upgrade', listener);
    server.on('upgrade', listener);
    expect(server.listenerCount('upgrade')).toBe(3);
    server.off('upgrade', listener);
    expect(server.listenerCount('upgrade')).toBe(2);
    server.off('upgrade', listener);
    expect(server.listenerCount('upgrade')).toBe(0);
    // Without a listener Node answers such a request as any other.
    const client = await connect(server);
    const arrived = next();
    client.socket.write(UPGRADE);
    (await arrived).end('plain');
    await client.receives('plain');
    server.once('upgrade', listener);
    expect(server.listenerCount('upgrade')).toBe(2);
    server.removeAllListeners('upgrade');
    expect(server.listenerCount('upgrade')).toBe(0);
  });
});

describe('a plain TCP server', () => {
  it('has only long-lived connections', async () => {
    const server = net.createServer();
    const { tracker } = track(server);
    await listen(server);
    const client = await connect(server);
    for (const nowMs of [0, 1_000, 2_000]) tracker.closeIdle(nowMs, GRACE_MS);
    expect(client.peer.writableEnded).toBe(false);
    tracker.endLongLived();
    expect(await client.ended).toBeUndefined();
  });
});

describe('what is still open at the end', () => {
  it('is destroyed and counted, and whoever waits is told once it is gone', async () => {
    const { server, tracked } = await waitingServer();
    const clients = [await connect(server), await connect(server)];
    const empty = new Promise<void>((resolve) => tracked.tracker.onEmpty(resolve));
    expect(tracked.tracker.destroyAll()).toBe(2);
    await empty;
    expect(tracked.tracker.size).toBe(0);
    await Promise.all(clients.map(async ({ ended }) => await ended));
    expect(tracked.tracker.destroyAll()).toBe(0);
  });
});

describe('an HTTPS server', () => {
  it('counts a connection once, and judges it where its requests are', async () => {
    const server = https.createServer(TEST_TLS);
    const { tracker, counts } = track(server);
    await listen(server);
    const secured = once(server, 'secureConnection');
    const client = observe(
      tls.connect({ port: portOf(server), host: '127.0.0.1', rejectUnauthorized: false }),
    );
    await secured;
    expect([tracker.size, counts.changes]).toEqual([1, 1]);
    const arrived = once(server, 'request');
    client.socket.write(GET);
    const [, response] = (await arrived) as [unknown, http.ServerResponse];
    for (const nowMs of [0, 5_000]) tracker.closeIdle(nowMs, GRACE_MS);
    const finished = once(response, 'finish');
    response.end('answer');
    await Promise.all([finished, client.receives('answer')]);
    for (const nowMs of [6_000, 7_000]) tracker.closeIdle(nowMs, GRACE_MS);
    expect(await client.ended).toBeUndefined();
    await untilEmpty(tracker);
  });

  it('does not wait for those that never say hello, each for its own time', async () => {
    const server = https.createServer(TEST_TLS);
    const { tracker } = track(server);
    await listen(server);
    const client = await connect(server);
    for (const nowMs of [0, 999]) tracker.closeIdle(nowMs, GRACE_MS);
    expect(tracker.size).toBe(1);
    // A worker that drains may still get connections.
    const later = await connect(server);
    tracker.closeIdle(1_000, GRACE_MS);
    await client.ended;
    tracker.closeIdle(1_999, GRACE_MS);
    expect(tracker.size).toBe(1);
    tracker.closeIdle(2_000, GRACE_MS);
    await later.ended;
    await untilEmpty(tracker);
  });
});

describe('an HTTP/2 server', () => {
  it('counts its requests, announces that it goes, and closes its sessions after the grace', async () => {
    const server = http2.createServer();
    const { tracker, counts } = track(server);
    const streams: http2.ServerHttp2Stream[] = [];
    server.on('stream', (stream) => streams.push(stream));
    await listen(server);
    const session = http2.connect(`http://127.0.0.1:${portOf(server)}`);
    onTestFinished(() => session.destroy());
    await once(session, 'remoteSettings');
    const stream = session.request();
    await once(server, 'stream');
    expect(counts.http2Requests).toBe(1);

    const goaway = once(session, 'goaway');
    tracker.askClientsToLeave();
    expect((await goaway).slice(0, 2)).toEqual([0, 2 ** 31 - 1]);
    for (const nowMs of [0, 1_000]) tracker.closeIdle(nowMs, GRACE_MS);
    expect(stream.closed).toBe(false);
    const closed = once(session, 'close');
    let body = '';
    stream.setEncoding('utf8').on('data', (text: string) => void (body += text));
    streams[0]?.end('answer');
    await once(stream, 'end');
    expect(body).toBe('answer');
    await closed;
    await untilEmpty(tracker);
  });

  it('tells sessions, too, that begin while it goes', async () => {
    const server = http2.createServer();
    const { tracker } = track(server);
    await listen(server);
    tracker.askClientsToLeave();
    const session = http2.connect(`http://127.0.0.1:${portOf(server)}`);
    onTestFinished(() => session.destroy());
    const [code] = (await once(session, 'goaway')) as [number];
    expect(code).toBe(0);
    expect(tracker.destroyAll()).toBe(1);
  });
});
