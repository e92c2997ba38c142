// Test process: servers of every kind on a free port of this machine, and clients that speak raw bytes.
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Listens on a free port; closes with the test. */
export async function listen<S extends net.Server>(server: S): Promise<S> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) net.Server.prototype.close.call(server);
  });
  return server;
}

export function portOf(server: net.Server): number {
  return (server.address() as AddressInfo).port;
}

/** A client that shows what it has received. */
export interface RawClient {
  readonly socket: net.Socket;
  readonly received: string;
  /** Resolves when `text` has come. */
  receives(text: string): Promise<void>;
  /** Resolves when the server has ended the connection; with the error's code when it was reset. */
  readonly ended: Promise<string | undefined>;
}

/** Resolves when both ends have the connection; `peer` is the server's. */
export async function connect(
  server: net.Server,
): Promise<RawClient & { readonly peer: net.Socket }> {
  const accepted = once(server, 'connection');
  const socket = net.connect(portOf(server), '127.0.0.1');
  const [[peer]] = (await Promise.all([accepted, once(socket, 'connect')])) as [
    [net.Socket],
    unknown,
  ];
  // Not spread: what has been received is a getter.
  return Object.assign(observe(socket), { peer });
}

export function observe(socket: net.Socket): RawClient {
  let received = '';
  let error: string | undefined;
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    received += chunk;
  });
  socket.on('error', (thrown: NodeJS.ErrnoException) => {
    error = thrown.code;
  });
  const ended = new Promise<string | undefined>((resolve) => {
    socket.on('close', () => resolve(error));
  });
  return {
    socket,
    ended,
    get received() {
      return received;
    },
    async receives(text) {
      while (!received.includes(text)) {
        if (socket.destroyed) throw new Error(`closed after ${JSON.stringify(received)}`);
        await Promise.race([once(socket, 'data'), ended]);
      }
    },
  };
}

const support = (name: string): string =>
  fs.readFileSync(new URL(`fixtures/support/${name}`, import.meta.url), 'utf8');

/** A certificate for localhost that nobody trusts. */
export const TEST_TLS: { readonly key: string; readonly cert: string } = {
  key: support('localhost-key.pem'),
  cert: support('localhost-cert.pem'),
};
