import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMemoryBackend, createStateStore } from '@corral/core';
import type { RateCounterOptions, StateStore } from '@corral/core';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import type { Options } from 'express-rate-limit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRateLimitStore } from './rate-limit.js';

const silent = { info: () => undefined, warn: () => undefined };
const servers: Server[] = [];
let state: StateStore;

beforeEach(() => {
  state = createStateStore(createMemoryBackend());
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  await state.close();
});

interface App {
  readonly limiter: ReturnType<typeof rateLimit>;
  get(path?: string): Promise<Response>;
}

async function serve(
  options: Partial<Options> = {},
  storeOptions: RateCounterOptions = {},
): Promise<App> {
  const app = express();
  const limiter = rateLimit({
    limit: 3,
    windowMs: 60_000,
    standardHeaders: 'draft-6',
    legacyHeaders: false,
    store: createRateLimitStore({ state, logger: silent, ...storeOptions }),
    ...options,
  });
  app.use(limiter);
  app.get('/', (_req, res) => {
    res.send('passed');
  });
  app.get('/fails', (_req, res) => {
    res.status(500).send('failed');
  });
  const server = app.listen(0);
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { limiter, get: async (path = '/') => await fetch(`http://127.0.0.1:${port}${path}`) };
}

describe('the store of express-rate-limit', () => {
  it('counts for all processes, and says when the window ends', async () => {
    const [first, second] = [await serve(), await serve()];
    const response = await first.get();
    expect(response.headers.get('ratelimit-remaining')).toBe('2');
    expect(Number(response.headers.get('ratelimit-reset'))).toBeGreaterThan(58);
    const responses = await Promise.all([1, 2, 3, 4].map(async () => await second.get()));
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429]);
    expect((await first.get()).status).toBe(429);
  });

  it('takes back what is not to be counted, tells a key and resets it', async () => {
    const { limiter, get } = await serve({ skipFailedRequests: true });
    await get('/fails');
    await get();
    await expect.poll(async () => (await limiter.getKey('127.0.0.1'))?.totalHits ?? 0).toBe(1);
    limiter.resetKey('127.0.0.1');
    await expect.poll(async () => await limiter.getKey('127.0.0.1')).toBeUndefined();
  });

  it('lets requests pass while the state is away, or not', async () => {
    const [open, closed] = [await serve(), await serve({}, { whenUnavailable: 'closed' })];
    await state.close();
    for (let request = 0; request < 5; request += 1) expect((await open.get()).status).toBe(200);
    expect((await closed.get()).status).toBe(500);
  });
});
