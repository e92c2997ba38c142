import { Writable } from 'node:stream';
import { getCluster } from '@corral/core';
import type { Cluster, HealthResponse, ProcessSample, ShutdownHook } from '@corral/core';
import { withCluster } from '@corral/test-kit';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { clusterPlugin } from './cluster-plugin.js';

type Figures = { -readonly [K in keyof ProcessSample]?: ProcessSample[K] };

interface Hook {
  readonly hook: ShutdownHook;
  readonly phase: string | undefined;
}

/** This process's own cluster, with figures to choose and its hooks in sight. */
function testCluster(): {
  cluster: Cluster;
  figures: Figures;
  hooks: Set<Hook>;
} {
  const own = getCluster();
  const figures: Figures = {};
  const hooks = new Set<Hook>();
  const cluster: Cluster = {
    ...own,
    health: { ...own.health, sample: () => ({ ...own.health.sample(), ...figures }) },
    onShutdown(hook, options) {
      const entry = { hook, phase: options?.phase };
      hooks.add(entry);
      return () => void hooks.delete(entry);
    },
  };
  return { cluster, figures, hooks };
}

async function unready(): Promise<HealthResponse> {
  return await Promise.resolve({ status: 503, headers: {}, body: 'draining' });
}

describe('clusterPlugin', () => {
  it('gives the app the cluster of its process', async () => {
    const app = Fastify();
    await app.register(clusterPlugin);
    expect(app.cluster).toBe(getCluster());
    await app.close();
  });

  it('works in an encapsulated context, under its prefix, without touching the others', async () => {
    const { cluster } = testCluster();
    const app = Fastify();
    await app.register(
      async (child) => {
        await child.register(clusterPlugin, { cluster });
        child.get('/who', async () => child.cluster.role);
      },
      { prefix: '/internal' },
    );
    app.get('/who', async () => String('cluster' in app));

    expect((await app.inject('/internal/who')).body).toBe('single');
    expect((await app.inject('/who')).body).toBe('false');
    expect((await app.inject('/internal/readyz?verbose')).body).toBe(
      '[+]serving ok\nready check passed\n',
    );
    expect((await app.inject('/internal/health')).json()).toMatchObject({ status: 'ok' });
    expect((await app.inject('/readyz')).statusCode).toBe(404);
    await app.close();
  });

  it('adds no health routes when told so', async () => {
    const app = Fastify();
    await app.register(clusterPlugin, { health: false });
    expect((await app.inject('/livez')).statusCode).toBe(404);
    await app.close();
  });

  it('answers HEAD with what GET says of the body', async () => {
    const app = Fastify();
    await app.register(clusterPlugin);
    const head = await app.inject({ method: 'HEAD', url: '/livez' });
    expect(head.body).toBe('');
    expect(head.headers).toMatchObject({ 'content-length': '2', 'cache-control': 'no-store' });
    await app.close();
  });

  it('does not log probes', async () => {
    let log = '';
    const stream = new Writable({
      write(chunk, _encoding, done) {
        log += String(chunk);
        done();
      },
    });
    const app = Fastify({ logger: { stream } });
    await app.register(clusterPlugin);
    app.get('/', async () => 'hello');
    await app.inject('/livez');
    expect(log).toBe('');
    await app.inject('/');
    expect(log).toContain('request completed');
    await app.close();
  });

  it('closes the app in the phase after HTTP has drained', async () => {
    const { cluster, hooks } = testCluster();
    const app = Fastify();
    await app.register(clusterPlugin, { cluster });
    let isClosed = false;
    app.addHook('onClose', async () => {
      isClosed = true;
    });
    await app.ready();
    const [entry] = hooks;
    expect(entry?.phase).toBe('application');
    await entry?.hook({ reason: 'SIGTERM' });
    expect(isClosed).toBe(true);
  });

  it('follows the process from the cluster of its start to the one that bootstrap() makes', async () => {
    const [passive, started] = [testCluster(), testCluster()];
    const app = Fastify();
    await withCluster(passive.cluster, async () => {
      await app.register(clusterPlugin, { loadShedding: { maxEventLoopDelayMs: 100 } });
      app.get('/', async () => 'hello');
    });
    const health = { ...started.cluster.health, respond: async () => await unready() };
    const made = { ...started.cluster, health };
    await withCluster(made, async () => {
      started.figures.eventLoopDelayMeanMs = 150;
      expect(app.cluster).toBe(made);
      expect((await app.inject('/')).statusCode).toBe(503);
      expect((await app.inject('/readyz')).body).toBe('draining');
      expect([passive.hooks.size, started.hooks.size]).toEqual([0, 1]);
      await app.close();
      expect(started.hooks.size).toBe(0);
    });
  });

  it('lets go of an app that closes by itself', async () => {
    const { cluster, hooks } = testCluster();
    const app = Fastify();
    await app.register(clusterPlugin, { cluster });
    expect(hooks.size).toBe(1);
    await app.close();
    expect(hooks.size).toBe(0);
  });

  it('fails the start with a wrong option', async () => {
    const app = Fastify();
    const options = { loadShedding: { maxEventLoopDelayMs: -1 } };
    await expect(app.register(clusterPlugin, options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message:
        'clusterPlugin, options.loadShedding.maxEventLoopDelayMs: got -1; expected ms above 0, such as 200',
    });
  });

  it('says whose path it is when the app has a health route of its own', async () => {
    const app = Fastify();
    app.get('/health', async () => 'mine');
    await expect(app.register(clusterPlugin)).rejects.toMatchObject({
      message: expect.stringContaining("'/health'"),
    });
  });
});

describe('load shedding', () => {
  it('answers 503 while the event loop cannot keep up, except to probes', async () => {
    const { cluster, figures } = testCluster();
    const app = Fastify();
    await app.register(clusterPlugin, {
      cluster,
      loadShedding: { maxEventLoopDelayMs: 100, retryAfterSeconds: 3 },
    });
    let handled = 0;
    app.get('/', async () => {
      handled += 1;
      return 'hello';
    });
    figures.eventLoopDelayMeanMs = 10;
    expect((await app.inject('/')).statusCode).toBe(200);

    figures.eventLoopDelayMeanMs = 150;
    const shed = await app.inject('/');
    expect(shed.statusCode).toBe(503);
    expect(shed.headers['retry-after']).toBe('3');
    expect(shed.json()).toEqual({
      statusCode: 503,
      code: 'OVERLOADED',
      error: 'Service Unavailable',
      message: 'the server is overloaded; try again in 3 s',
    });
    for (const path of ['/livez', '/readyz', '/startupz', '/health']) {
      expect((await app.inject(path)).statusCode, path).toBe(200);
    }

    figures.eventLoopDelayMeanMs = 10;
    expect((await app.inject('/')).statusCode).toBe(200);
    expect(handled).toBe(2);
    await app.close();
  });

  it('spares the routes outside its context', async () => {
    const { cluster, figures } = testCluster();
    figures.eventLoopUtilizationRatio = 1;
    const app = Fastify();
    await app.register(async (child) => {
      await child.register(clusterPlugin, {
        cluster,
        loadShedding: { maxEventLoopUtilizationRatio: 0.9 },
      });
      child.get('/costly', async () => 'costly');
    });
    app.get('/cheap', async () => 'cheap');
    expect((await app.inject('/costly')).statusCode).toBe(503);
    expect((await app.inject('/cheap')).statusCode).toBe(200);
    await app.close();
  });
});
