// Which addresses the primary keeps, with real sockets and simulated workers.
import net from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createLogRecorder, DEAF_LISTENER } from '../../test/simulated-cluster.js';
import { createSimulatedSystem } from '../../test/simulated-system.js';
import type { ListenQuery, ToWorker } from '../protocol/messages.js';
import { createListeners } from './listeners.js';
import { launchWorker } from './worker-handle.js';

const QUERY: ListenQuery = { address: '127.0.0.1', port: 0, addressType: 4, flags: 0, index: 0 };

async function connects(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  return await new Promise((resolve) => {
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
  }).then((hasConnected) => {
    socket.destroy();
    return hasConnected === true;
  });
}

it('an address is let go of when no worker has listened there for a while', async () => {
  const system = createSimulatedSystem({ heartbeatMs: 1_000 });
  const { logger, lines } = createLogRecorder();
  const { nowMs } = system;
  const listeners = createListeners({ balance: 'round-robin', logger, nowMs, inherited: [] });
  onTestFinished(() => listeners.release());
  const worker = launchWorker({ workerId: 1, generation: 1 }, system, DEAF_LISTENER);
  const process = system.newest(1);
  const { received } = process;
  listeners.onRequest(worker, { type: 'listen', seq: 1, query: QUERY });
  while (received.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [reply] = received as [Extract<ToWorker, { type: 'listenReply' }>];
  const port = reply.outcome.ok ? (reply.outcome.bound?.port ?? 0) : 0;

  listeners.closeUnused();
  await system.advance(60_000);
  listeners.closeUnused();
  expect(await connects(port)).toBe(true);

  process.exit();
  listeners.update();
  listeners.closeUnused();
  await system.advance(9_999);
  listeners.closeUnused();
  expect(await connects(port)).toBe(true);

  await system.advance(1);
  listeners.closeUnused();
  expect(await connects(port)).toBe(false);
  expect(lines.at(-1)?.message).toBe('no worker listens on 127.0.0.1:0 any more: closing it');
});
