// Process tests: a Socket.IO app with polling and WebSockets on several workers, with balance: 'sticky'.
import { once } from 'node:events';
import http from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { waitUntilGone } from '@corral/test-kit';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { requestFrom } from './balance-support.js';
import { call, pidsOf, startServing } from './support.js';
import type { ServingFixture } from './support.js';

interface Hello {
  readonly workerId: number;
  readonly generation: number;
}

interface Client {
  readonly socket: Socket;
  /** What the server says at every connection. */
  readonly hellos: readonly Hello[];
  /** Resolves when the server has said hello in this generation. */
  greetedIn(generation: number): Promise<void>;
  /** Resolves when it has heard `text`. */
  heard(text: string): Promise<void>;
}

const TRANSPORTS = [['polling', 'websocket'], ['polling'], ['websocket']] as const;

/** One of the many addresses that the loopback has. */
function address(index: number): string {
  return `127.0.4.${index + 1}`;
}

/** A client with an address of its own. */
function connect(
  { port }: ServingFixture,
  index: number,
  transports: ReadonlyArray<'polling' | 'websocket'>,
): Client {
  const agent = new http.Agent({ keepAlive: true, localAddress: address(index) });
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: [...transports],
    // In Node.js it is an agent, whatever the browser's types say.
    agent: agent as never,
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
  });
  onTestFinished(() => {
    socket.disconnect();
    agent.destroy();
  });
  const hellos: Hello[] = [];
  const texts: string[] = [];
  socket.on('hello', (hello: Hello) => hellos.push(hello));
  socket.on('said', (text: string) => texts.push(text));
  const until = async (event: string, isSo: () => boolean): Promise<void> => {
    // A Socket.IO client has what an emitter needs for once().
    while (!isSo()) await once(socket as unknown as NodeJS.EventEmitter, event);
  };
  return {
    socket,
    hellos,
    greetedIn: async (generation) =>
      await until('hello', () => hellos.at(-1)?.generation === generation),
    heard: async (text) => await until('said', () => texts.includes(text)),
  };
}

async function expectBroadcasts(clients: readonly Client[]): Promise<void> {
  // From every worker to everybody.
  for (const [index, { socket }] of clients.entries()) {
    const text = `from ${index} at ${performance.now()}`;
    socket.emit('say', text);
    await Promise.all(clients.map(async (client) => await client.heard(text)));
  }
}

test('Socket.IO: sessions stay with their worker, broadcasts reach all, a reload moves everybody', async () => {
  const fixture = await startServing('socket-io.mjs', {
    workers: 3,
    balance: 'sticky',
    minUptimeMs: 0,
    // Clients that came back to the worker that they have to leave would hold it for as long.
    drainTimeoutMs: 600_000,
  });
  const clients = Array.from({ length: 9 }, (_, index) =>
    connect(fixture, index, TRANSPORTS[index % 3] ?? []),
  );
  await Promise.all(clients.map(async (client) => await client.greetedIn(1)));
  const workerIds = new Set(clients.map(({ hellos }) => hellos[0]?.workerId));
  expect(workerIds.size).toBeGreaterThan(1);
  await expectBroadcasts(clients);
  // Nobody has lost a session, as polling clients do that reach another worker.
  for (const { hellos } of clients) expect(hellos).toHaveLength(1);

  // Every worker is still there for a while after it has closed its sessions.
  const slow = clients.map(
    async (_, index) =>
      await requestFrom({ host: '127.0.0.1', port: fixture.port, localAddress: address(index) }),
  );
  await fixture.waitForOutput(new RegExp(`(slow request[^]*){${clients.length}}`));

  expect(await call(fixture, 'reload')).toMatchObject({ ok: true, value: { replaced: 3 } });

  await Promise.all(clients.map(async (client) => await client.greetedIn(2)));
  for (const { status } of await Promise.all(slow)) expect(status).toBe(200);
  await waitUntilGone(pidsOf(fixture.status));
  await expectBroadcasts(clients);
  for (const { hellos } of clients) {
    expect(hellos.at(-1)?.workerId).toBe(hellos[0]?.workerId);
  }
  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});

test('Socket.IO: a worker that drains serves its sessions until they end', async () => {
  const fixture = await startServing(
    'socket-io.mjs',
    {
      workers: 1,
      balance: 'sticky',
      minUptimeMs: 0,
      hookTimeoutMs: 60_000,
      drainTimeoutMs: 600_000,
    },
    { env: { LINGER: '1' } },
  );
  const clients = TRANSPORTS.map((transports, index) => connect(fixture, index, transports));
  await Promise.all(clients.map(async (client) => await client.greetedIn(1)));

  expect(await call(fixture, 'reload')).toMatchObject({ ok: true, value: { replaced: 1 } });

  const ask = async ({ socket }: Client): Promise<Hello> =>
    (await socket.timeout(10_000).emitWithAck('ask')) as Hello;
  for (let round = 0; round < 5; round++) {
    for (const client of clients) expect(await ask(client)).toMatchObject({ generation: 1 });
  }
  // Broadcasts reach the new worker's clients from the old one, and the other way.
  const fresh = connect(fixture, 9, ['polling']);
  await fresh.greetedIn(2);
  await expectBroadcasts([...clients, fresh]);
  for (const { hellos } of clients) expect(hellos).toHaveLength(1);

  for (const { socket } of clients) socket.disconnect();
  expect(await fixture.nextEvent('workerExit')).toMatchObject({ reason: 'reload', code: 0 });
  expect(await ask(fresh)).toMatchObject({ generation: 2 });
});
