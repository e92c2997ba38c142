import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { closeWebSockets } from './close-web-sockets.js';
import type { ClosableWebSocket } from './close-web-sockets.js';

afterEach(() => {
  vi.useRealTimers();
});

/** Clients that write down when and how they are closed. */
function recordingClients(count: number): {
  readonly clients: ClosableWebSocket[];
  readonly closes: Array<readonly [number | undefined, string | undefined]>;
} {
  const closes: Array<readonly [number | undefined, string | undefined]> = [];
  const clients = Array.from({ length: count }, () => ({
    close: (code?: number, reason?: string) => closes.push([code, reason]),
  }));
  return { clients, closes };
}

describe('closing WebSockets', () => {
  it('says 1001 to all of them, at once', async () => {
    const { clients, closes } = recordingClients(3);
    await closeWebSockets(new Set(clients));
    expect(closes).toEqual([1, 2, 3].map(() => [1_001, 'going away']));
  });

  it('says what it is told', async () => {
    const { clients, closes } = recordingClients(1);
    await closeWebSockets(clients, { code: 1_012, reason: 'service restart' });
    expect(closes).toEqual([[1_012, 'service restart']]);
  });

  it('of nobody is done', async () => {
    await expect(closeWebSockets([], { spreadMs: 60_000 })).resolves.toBeUndefined();
  });

  it('is spread evenly over the time that is given', async () => {
    vi.useFakeTimers();
    const { clients, closes } = recordingClients(4);
    const done = closeWebSockets(clients, { spreadMs: 400 });
    const closedAfter = [closes.length];
    for (let step = 0; step < 3; step++) {
      await vi.advanceTimersByTimeAsync(100);
      closedAfter.push(closes.length);
    }
    expect(closedAfter).toEqual([1, 2, 3, 4]);
    await done;
  });

  it('closes thousands in bunches, within the time', async () => {
    vi.useFakeTimers();
    const { clients, closes } = recordingClients(5_000);
    const done = closeWebSockets(clients, { spreadMs: 100 });
    await vi.advanceTimersByTimeAsync(50);
    expect(closes.length).toBeGreaterThan(2_000);
    expect(closes.length).toBeLessThan(3_000);
    await vi.advanceTimersByTimeAsync(51);
    expect(closes).toHaveLength(5_000);
    await done;
  });

  it('leaves out those that join while it is under way', async () => {
    vi.useFakeTimers();
    const { clients, closes } = recordingClients(2);
    const set = new Set(clients);
    const done = closeWebSockets(set, { spreadMs: 100 });
    for (const late of recordingClients(1).clients) set.add(late);
    await vi.advanceTimersByTimeAsync(200);
    await done;
    expect(closes).toHaveLength(2);
  });

  it('reaches a real client', async () => {
    const server = createServer();
    const webSockets = new WebSocketServer({ server });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await once(client, 'open');
    const closed = once(client, 'close');
    await closeWebSockets(webSockets.clients);
    const [code, reason] = (await closed) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1_001, 'going away']);
    webSockets.close();
    server.close();
  });
});
