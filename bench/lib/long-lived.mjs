// Runner: connections that are opened one after another and stay open, as WebSockets or a proxy's do.
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WORKER_HEADER } from '../apps/http-app.mjs';

const workerPattern = new RegExp(`^${WORKER_HEADER}: (\\S+)\\r$`, 'im');

/**
 * @param {{ url: string, count: number, intervalMs: number }} options a connection every `intervalMs`
 * @returns {Promise<string[]>} the worker of each; the connections are closed again
 */
export async function openLongLived({ url, count, intervalMs }) {
  const { hostname, port, host } = new URL(url);
  const sockets = [];
  try {
    const workers = [];
    for (let opened = 0; opened < count; opened += 1) {
      const socket = net.connect(Number(port), hostname);
      sockets.push(socket);
      socket.setEncoding('utf8').write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      workers.push(await answeringWorker(socket));
      await delay(intervalMs);
    }
    const closed = sockets.filter((socket) => socket.destroyed || socket.readableEnded).length;
    if (closed > 0) throw new Error(`${closed} of ${count} connections did not stay open`);
    return workers;
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** The answer is small, and comes in one piece. */
async function answeringWorker(socket) {
  const [head] = await once(socket, 'data', { signal: AbortSignal.timeout(10_000) });
  const worker = workerPattern.exec(head)?.[1];
  if (worker === undefined) throw new Error(`an answer names no worker: ${head}`);
  // Reads on, so that the end of a connection is noticed.
  socket.resume().once('error', () => socket.destroy());
  return worker;
}
