import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getCluster } from '@corral/core';
import type { HealthResponse } from '@corral/core';
import { withCluster } from '@corral/test-kit';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { clusterMiddleware } from './cluster-middleware.js';
import { healthRouter } from './health-router.js';

// Under this name it has no types; a name that the compiler does not see needs none.
const EXPRESS_4: string = 'express4';
const { default: express4 } = (await import(EXPRESS_4)) as { default: typeof express };

const servers: Server[] = [];

/** Lets the app listen, and returns a function that asks it. */
async function serve(
  app: ReturnType<typeof express>,
): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const server = app.listen(0);
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return async (path, init) => await fetch(`http://127.0.0.1:${port}${path}`, init);
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('%s', (_name, express) => {
  it('gives requests the cluster of their process', async () => {
    const app = express();
    app.use(clusterMiddleware());
    app.get('/', (req, res) => {
      res.json({ same: req.cluster === getCluster() });
    });
    const ask = await serve(app);
    expect(await (await ask('/')).json()).toEqual({ same: true });
  });

  it('is of the cluster that the process has when a request comes', async () => {
    const app = express();
    app.use(clusterMiddleware());
    app.get('/', (req, res) => {
      res.json(req.cluster.workerId);
    });
    const ask = await serve(app);
    const passive = getCluster();
    const respond = async (): Promise<HealthResponse> =>
      await Promise.resolve({ status: 503, headers: {}, body: 'draining' });
    const started = { ...passive, workerId: 7, health: { ...passive.health, respond } };
    await withCluster(started, async () => {
      expect(await (await ask('/')).json()).toBe(7);
      expect((await ask('/readyz')).status).toBe(503);
    });
  });

  it('answers on a path that was given with a slash at the end', async () => {
    const app = express();
    app.use(healthRouter({ health: { live: '/alive/' } }));
    const ask = await serve(app);
    for (const path of ['/alive', '/alive/']) expect((await ask(path)).status, path).toBe(200);
  });

  it('answers where it is mounted, and nowhere else', async () => {
    const app = express();
    app.use('/internal', healthRouter());
    const ask = await serve(app);
    expect(await (await ask('/internal/readyz?verbose')).text()).toBe(
      '[+]serving ok\nready check passed\n',
    );
    expect((await ask('/internal/livez/')).status).toBe(200);
    expect((await ask('/readyz')).status).toBe(404);
    expect((await ask('/internal/readyz/more')).status).toBe(404);
  });

  it('leaves other methods, and paths that are turned off, to the app', async () => {
    const app = express();
    app.use(clusterMiddleware({ health: { health: false } }));
    app.get('/health', (_req, res) => {
      res.send('mine');
    });
    app.post('/livez', (_req, res) => {
      res.send('posted');
    });
    const ask = await serve(app);
    expect(await (await ask('/health')).text()).toBe('mine');
    expect(await (await ask('/livez', { method: 'POST' })).text()).toBe('posted');
    expect(await (await ask('/livez')).text()).toBe('ok');
  });

  it('hands a failure to the error handling of the app', async () => {
    const own = getCluster();
    const respond = async (): Promise<never> => await Promise.reject(new Error('broken'));
    const app = express();
    app.use(clusterMiddleware({ cluster: { ...own, health: { ...own.health, respond } } }));
    app.use(((error: Error, _req, res, _next) => {
      res.status(500).send(`handled: ${error.message}`);
    }) as express.ErrorRequestHandler);
    const ask = await serve(app);
    const answer = await ask('/livez');
    expect([answer.status, await answer.text()]).toEqual([500, 'handled: broken']);
  });
});

describe('options', () => {
  it.each([
    ['heath', { heath: false }],
    ['health', { health: { live: 'no-slash' } }],
    ['cluster', { cluster: 3 }],
  ])('refuses a wrong %s and names it', (option, given) => {
    for (const [call, make] of [
      ['clusterMiddleware()', clusterMiddleware],
      ['healthRouter()', healthRouter],
    ] as const) {
      expect(() => make(given as never)).toThrow(
        expect.objectContaining({
          code: 'INVALID_ARGUMENT',
          message: expect.stringContaining(`${call}, options.${option}`),
        }),
      );
    }
  });
});
