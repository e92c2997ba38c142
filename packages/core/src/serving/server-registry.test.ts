import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { connect, listen, portOf, TEST_TLS } from '../../test/local-servers.js';
import { watch } from '../../test/simulated-cluster.js';
import { createServerRegistry } from './server-registry.js';
import type { ServerRegistry } from './server-registry.js';

const NEVER = new AbortController().signal;
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

let registry: ServerRegistry;
let connectionCounts: number[];

beforeEach(() => {
  connectionCounts = [];
  registry = createServerRegistry((count) => connectionCounts.push(count));
});

afterEach(() => {
  registry.close();
});

const answering = (): http.Server =>
  http.createServer((_request, response) => {
    response.end('answer');
  });

describe('the registry of servers', () => {
  it('finds every server that listens, of any kind', async () => {
    const servers = [
      await listen(http.createServer()),
      await listen(https.createServer(TEST_TLS)),
      await listen(http2.createServer()),
      await listen(net.createServer()),
    ];
    expect([...registry.addresses].sort()).toEqual(
      servers.map((server) => `127.0.0.1:${portOf(server)}`).sort(),
    );
  });

  it('writes IPv6 addresses with brackets', async () => {
    const server = http.createServer().listen(0, '::1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    expect(registry.addresses).toEqual([`[::1]:${portOf(server)}`]);
  });

  it('counts connections and requests over all servers', async () => {
    const [one, two] = [await listen(answering()), await listen(answering())];
    const clients = [await connect(one), await connect(two), await connect(two)];
    expect(registry.connections).toBe(3);
    expect(connectionCounts).toEqual([1, 2, 3]);
    for (const client of clients) {
      client.socket.write(GET);
      await client.receives('answer');
    }
    expect(registry.requests).toBe(3);
    clients[0]?.socket.destroy();
    await registryHas(2);
    expect(connectionCounts.at(-1)).toBe(2);
  });

  it('counts the requests of HTTP/2, too', async () => {
    const server = http2.createServer();
    server.on('stream', (stream) => {
      stream.respond();
      stream.end();
    });
    await listen(server);
    const session = http2.connect(`http://127.0.0.1:${portOf(server)}`);
    onTestFinished(() => session.destroy());
    const streams = [session.request(), session.request()];
    await Promise.all(streams.map(async (stream) => await once(stream.resume(), 'end')));
    expect(registry.requests).toBe(2);
  });

  it('leaves alone what was there before, and what comes after it was closed', async () => {
    registry.close();
    const before = await listen(answering());
    registry = createServerRegistry(() => undefined);
    const client = await connect(before);
    client.socket.write(GET);
    await client.receives('answer');
    expect([registry.connections, registry.requests, registry.addresses]).toEqual([0, 0, []]);
    registry.close();
    await listen(answering());
    expect(registry.addresses).toEqual([]);
  });

  it('forgets a server that closes, and knows it again when it listens again', async () => {
    const server = await listen(answering());
    server.close();
    await once(server, 'close');
    expect(registry.addresses).toEqual([]);
    await listen(server);
    expect(registry.addresses).toHaveLength(1);
    const client = await connect(server);
    client.socket.write(GET);
    await client.receives('answer');
    expect([registry.connections, registry.requests]).toEqual([1, 1]);
  });
});

/** Resolves when so many connections are open. */
async function registryHas(count: number): Promise<void> {
  while (registry.connections !== count) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

describe('that all servers listen', () => {
  it('is so where none was started', async () => {
    await expect(registry.allListening()).resolves.toBeUndefined();
  });

  it('is so when the last of those that were started does', async () => {
    const servers = [http.createServer(), net.createServer()];
    for (const server of servers) {
      server.listen(0, '127.0.0.1');
      onTestFinished(() => void server.close());
    }
    await registry.allListening();
    expect(servers.map(({ listening }) => listening)).toEqual([true, true]);
  });

  it('fails with the listen error when none does', async () => {
    const taken = await listen(net.createServer());
    registry.close();
    registry = createServerRegistry(() => undefined);
    const server = http.createServer().on('error', () => undefined);
    server.listen(portOf(taken), '127.0.0.1');
    await expect(registry.allListening()).rejects.toMatchObject({
      code: 'EADDRINUSE',
      port: portOf(taken),
    });
  });

  it('does not fail when the app tries another port', async () => {
    const taken = await listen(net.createServer());
    registry.close();
    registry = createServerRegistry(() => undefined);
    const server = http.createServer();
    onTestFinished(() => void server.close());
    server.once('error', () => server.listen(0, 'localhost'));
    server.listen(portOf(taken), '127.0.0.1');
    await registry.allListening();
    expect(registry.addresses).toHaveLength(1);
  });

  it('leaves an error that the app does not handle to the process', async () => {
    const server = net.createServer();
    await listen(server);
    // Ours is a monitor, not a listener that would swallow it.
    expect(server.listenerCount('error')).toBe(0);
  });
});

describe('a drain', () => {
  it('is over at once where nothing is open', async () => {
    await listen(answering());
    registry.stopAccepting();
    await registry.drained(60_000, NEVER);
    expect(registry.addresses).toEqual([]);
  });

  it('ends what idles and waits for what is busy', async () => {
    let answer = (): void => undefined;
    const server = http.createServer((_request, response) => {
      answer = () => void response.end('answer');
    });
    await listen(server);
    const [idle, busy] = [await connect(server), await connect(server)];
    const arrived = once(server, 'request');
    busy.socket.write(GET);
    await arrived;
    registry.askClientsToLeave();
    registry.stopAccepting();
    const drained = watch(registry.drained(0, NEVER));
    expect(await idle.ended).toBeUndefined();
    expect(drained.outcome.state).toBe('pending');
    answer();
    await busy.receives('Connection: close');
    await busy.receives('answer');
    expect(await busy.ended).toBeUndefined();
    await registry.drained(0, NEVER);
    expect(drained.outcome.state).toBe('resolved');
  });

  it('ends what comes after the listener has closed, too', async () => {
    registry.close();
    const front = await listen(net.createServer());
    registry = createServerRegistry(() => undefined);
    const server = await listen(answering());
    registry.askClientsToLeave();
    registry.stopAccepting();
    await once(server, 'close');
    // As a connection does that the primary has sent already.
    front.on('connection', (socket) => server.emit('connection', socket));
    const client = await connect(front);
    await registry.drained(0, NEVER);
    expect(await client.ended).toBeUndefined();
  });

  it('asks to leave in the last response of pipelined requests only, so that all are sent', async () => {
    const answers: Array<() => void> = [];
    const server = http.createServer((_request, response) => {
      answers.push(() => void response.end(`answer ${answers.length}`));
    });
    const client = await connect(await listen(server));
    client.socket.write(GET + GET);
    while (answers.length < 2) await once(server, 'request');
    registry.askClientsToLeave();
    client.socket.write(GET);
    while (answers.length < 3) await once(server, 'request');
    for (const answer of answers) answer();
    expect(await client.ended).toBeUndefined();
    expect(client.received.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
    expect(client.received.match(/Connection: close/g)).toHaveLength(1);
  });

  it('asks the clients of servers that begin to listen meanwhile', async () => {
    registry.askClientsToLeave();
    const client = await connect(await listen(answering()));
    client.socket.write(GET);
    await client.receives('answer');
    expect(client.received).toContain('Connection: close');
  });

  it('that is cut short rejects with the reason, and leaves the rest to be destroyed', async () => {
    const server = await listen(http.createServer());
    const client = await connect(server);
    const arrived = once(server, 'request');
    client.socket.write(GET);
    await arrived;
    const hurry = new AbortController();
    const drained = registry.drained(0, hurry.signal);
    const reason = new Error('hurry');
    hurry.abort(reason);
    await expect(drained).rejects.toBe(reason);
    expect(registry.destroyAll()).toBe(1);
    await client.ended;
    await registryHas(0);
  });

  it('waits for long-lived connections until they are ended', async () => {
    const server = await listen(net.createServer());
    const client = await connect(server);
    const drained = watch(registry.drained(0, NEVER));
    registry.endLongLived();
    expect(await client.ended).toBeUndefined();
    await registry.drained(0, NEVER);
    expect(drained.outcome.state).toBe('resolved');
  });
});
