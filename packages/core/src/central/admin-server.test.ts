import { EventEmitter, once } from 'node:events';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readPrometheusText, seriesOf } from '../../test/prometheus-reader.js';
import type { ClusterStatus, WorkerStatus } from '../cluster.js';
import { createFileLogger } from '../logger.js';
import type { ConfigUpdate } from '../protocol/messages.js';
import { startAdminServer } from './admin-server.js';
import type { AdminServer } from './admin-server.js';
import { createMetricsAggregator } from './metrics-aggregator.js';

const none = createMetricsAggregator();
const logger = createFileLogger({ fd: 1, level: 'silent', readable: false });

function statusOf(changes: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    role: 'primary',
    pid: 1,
    nodeVersion: 'v0',
    uptimeMs: 5,
    generation: 1,
    desired: 2,
    ready: 2,
    draining: 0,
    balance: { mode: 'round-robin', reason: 'test' },
    restarts: {},
    requests: 0,
    workers: [],
    ...changes,
  };
}

const goneWorker: WorkerStatus = {
  workerId: 3,
  pid: 2,
  generation: 1,
  state: 'gone',
  uptimeMs: 1,
  rssBytes: 1,
  heapUsedBytes: 1,
  cpuRatio: 0,
  eventLoopUtilizationRatio: 0,
  eventLoopDelayP99Ms: 0,
  connections: 0,
  requests: 4,
  messages: { waiting: 0, dropped: 0, malformed: 0 },
};

let admin: AdminServer | undefined;

async function start(
  status: () => Promise<ClusterStatus> = () => Promise.resolve(statusOf()),
  minReady = 1,
  totals = none,
): Promise<string> {
  admin = await startAdminServer({
    host: '127.0.0.1',
    port: 0,
    minReady,
    status,
    totals,
    configWrites: false,
    logger,
  });
  return `http://127.0.0.1:${admin.address.port}`;
}

afterEach(async () => {
  await admin?.close();
  admin = undefined;
});

describe('the admin server', () => {
  it('tells where it listens', async () => {
    await start();
    expect(admin?.address.host).toBe('127.0.0.1');
    expect(admin?.address.port).toBeGreaterThan(0);
  });

  it('answers /livez without asking for the status', async () => {
    const url = await start(() => Promise.reject(new Error('no status')));
    const response = await fetch(`${url}/livez`);
    expect([response.status, await response.text()]).toEqual([200, 'ok']);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('answers a change of the configuration, also one that is too large', async () => {
    const changes: ConfigUpdate[] = [];
    admin = await startAdminServer({
      host: '127.0.0.1',
      port: 0,
      minReady: 1,
      totals: none,
      status: async () => await Promise.resolve(statusOf()),
      config: {
        status: () => ({ version: 1, value: {}, processes: {} }),
        update: async (update) => {
          changes.push(update);
          return await Promise.resolve({ version: 2, applied: [], rejected: [], timedOut: [] });
        },
      },
      configWrites: true,
      logger,
    });
    const patch = async (text: string): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${admin?.address.port}/config`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text }),
      });
      await response.text();
      return response.status;
    };
    expect(await patch('x'.repeat(8 * 1024 * 1024))).toBe(413);
    expect(changes).toEqual([]);
    expect(await patch('x')).toBe(200);
    expect(changes).toMatchObject([{ kind: 'patch', text: '{"text":"x"}' }]);
  });

  it('answers /readyz by the number of ready workers', async () => {
    let ready = 2;
    const url = await start(() => Promise.resolve(statusOf({ ready })), 2);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    ready = 1;
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.text()).toBe('workers failed: 1 of at least 2 workers ready');
    const json = await fetch(`${url}/readyz`, { headers: { accept: 'application/json' } });
    expect(await json.json()).toEqual({
      status: 'error',
      probe: 'ready',
      failed: [{ name: 'workers', reason: '1 of at least 2 workers ready' }],
      ready: 1,
      desired: 2,
      minReady: 2,
    });
  });

  it('answers /status with the status as JSON', async () => {
    const url = await start();
    const response = await fetch(`${url}/status?x`);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual(statusOf());
  });

  it('answers /metrics with the status and what workers have counted that are gone', async () => {
    const gone = createMetricsAggregator();
    const url = await start(() => Promise.resolve(statusOf({ requests: 7 })), 1, gone);
    gone.gone(goneWorker);
    const response = await fetch(`${url}/metrics`, { headers: { accept: 'application/json' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const body = await response.text();
    const series = seriesOf(readPrometheusText(body));
    expect(series.get('corral_requests_total')).toBe(7);
    expect(series.get('corral_worker_requests_total{worker=3}')).toBe(4);
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
    expect(await head.text()).toBe('');
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
  });

  it('says so when there is no status', async () => {
    const url = await start(() => Promise.reject(new Error('secret')));
    for (const path of ['/readyz', '/status', '/metrics']) {
      const response = await fetch(`${url}${path}`);
      expect(response.status).toBe(503);
      expect(await response.json()).toEqual({ error: 'the status is not available' });
    }
  });

  it('knows no other path and no other method', async () => {
    const url = await start();
    const missing = await fetch(`${url}/nothing`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toEqual({
      error: 'not found',
      paths: ['/livez', '/readyz', '/status', '/metrics', '/config'],
    });
    const posted = await fetch(`${url}/status`, { method: 'POST', body: 'x' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('answers HEAD without a body', async () => {
    const url = await start();
    const response = await fetch(`${url}/status`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBe(JSON.stringify(statusOf()).length);
    expect(await response.text()).toBe('');
  });

  it('closes connections that are kept alive, and requests that wait for an answer', async () => {
    const asked = new EventEmitter();
    const wasAsked = once(asked, 'status');
    const url = await start(() => {
      asked.emit('status');
      return new Promise(() => undefined);
    });
    const { port } = new URL(url);
    const idle = connect(Number(port), '127.0.0.1');
    await once(idle, 'connect');
    const agent = new Agent({ keepAlive: true });
    const waiting = httpRequest(`${url}/status`, { agent }).end();
    const failed = once(waiting, 'error');
    await wasAsked;
    const idleClosed = once(idle, 'close');
    await Promise.all([admin?.close(), admin?.close()]);
    await failed.catch(() => undefined);
    await idleClosed;
    agent.destroy();
    await expect(fetch(`${url}/livez`)).rejects.toThrow('fetch failed');
  });

  it('rejects with the address when the port is taken', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const status = (): Promise<ClusterStatus> => Promise.resolve(statusOf());
    const error: unknown = await startAdminServer({
      configWrites: false,
      host: '127.0.0.1',
      port,
      minReady: 1,
      totals: none,
      status,
      logger,
    }).catch((thrown: unknown) => thrown);
    other.close();
    expect(error).toMatchObject({
      code: 'LISTEN_FAILED',
      message: `cannot listen on 127.0.0.1:${port}: another program already listens there (EADDRINUSE); stop it, or choose another port`,
      cause: { code: 'EADDRINUSE' },
    });
  });

  it('rejects with the address when the host is not this machine’s', async () => {
    const starting = startAdminServer({
      configWrites: false,
      host: '192.0.2.1',
      port: 0,
      minReady: 1,
      totals: none,
      status: () => Promise.resolve(statusOf()),
      logger,
    });
    await expect(starting).rejects.toThrow(/cannot listen on 192\.0\.2\.1:0: .*EADDRNOTAVAIL/);
  });
});
