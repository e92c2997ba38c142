import { createMemoryBackend, createStateStore } from '@corral/core';
import type { RateCounterOptions, StateStore } from '@corral/core';
import fastifyRateLimit from '@fastify/rate-limit';
import type { RateLimitPluginOptions } from '@fastify/rate-limit';
import Fastify from 'fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRateLimitStore } from './rate-limit.js';

const silent = { info: () => undefined, warn: () => undefined };
const apps: FastifyInstance[] = [];
let state: StateStore;

beforeEach(() => {
  state = createStateStore(createMemoryBackend());
});

afterEach(async () => {
  await Promise.all(apps.splice(0).map(async (app) => await app.close()));
  await state.close();
});

type Get = (
  path?: string,
  headers?: Record<string, string>,
) => Promise<{ status: number; reset: number; body: string }>;

async function serve(
  options: RateLimitPluginOptions = {},
  storeOptions: RateCounterOptions = {},
): Promise<Get> {
  const app = Fastify();
  apps.push(app);
  await app.register(fastifyRateLimit, {
    max: 3,
    timeWindow: 60_000,
    store: createRateLimitStore({ state, logger: silent, ...storeOptions }),
    ...options,
  });
  app.get('/', async () => 'passed');
  app.get('/own', { config: { rateLimit: { max: 1, timeWindow: 30_000 } } }, async () => 'passed');
  app.get(
    '/peek',
    { config: { rateLimit: false } },
    async (request) => await app.createRateLimit()(request, { increment: false }),
  );
  return async (path = '/', sent = {}) => {
    const { statusCode, headers, body } = await app.inject({ url: path, headers: sent });
    return { status: statusCode, reset: Number(headers['x-ratelimit-reset']), body };
  };
}

async function statusesOf(get: Get, count: number, path?: string): Promise<number[]> {
  const responses = await Promise.all(Array.from({ length: count }, async () => await get(path)));
  return responses.map(({ status }) => status).sort();
}

describe('the store of @fastify/rate-limit', () => {
  it('counts for all processes, and says when the window ends', async () => {
    const [first, second] = [await serve(), await serve()];
    const { status, reset } = await first();
    expect(status).toBe(200);
    expect(reset).toBeGreaterThan(58);
    expect(await statusesOf(second, 4)).toEqual([200, 200, 429, 429]);
    expect(await statusesOf(first, 1)).toEqual([429]);
  });

  it('counts routes with limits of their own apart', async () => {
    const get = await serve();
    expect(await statusesOf(get, 2, '/own')).toEqual([200, 429]);
    expect(await statusesOf(get, 4)).toEqual([200, 200, 200, 429]);
  });

  it('counts limiters without a route apart, each for all processes', async () => {
    const serveBoth = async (): Promise<Get> => {
      const app = Fastify();
      apps.push(app);
      const store = createRateLimitStore({ state, logger: silent });
      await app.register(fastifyRateLimit, { global: false, max: 9, store });
      const [loose, strict] = [app.createRateLimit({ max: 3 }), app.createRateLimit({ max: 1 })];
      app.get('/loose', async (request) => await loose(request));
      app.get('/strict', async (request) => await strict(request));
      app.get('/third', { onRequest: app.rateLimit({ max: 2 }) }, async () => 'passed');
      return async (path = '/') => {
        const { statusCode, body } = await app.inject(path);
        return { status: statusCode, reset: 0, body };
      };
    };
    const remaining = async (get: Get, path: string): Promise<unknown> =>
      (JSON.parse((await get(path)).body) as { remaining: number }).remaining;
    const [first, second] = [await serveBoth(), await serveBoth()];
    expect(await remaining(first, '/loose')).toBe(2);
    expect(await remaining(second, '/loose')).toBe(1);
    expect(await remaining(second, '/strict')).toBe(0);
    expect(await statusesOf(first, 3, '/third')).toEqual([200, 200, 429]);
  });

  it('takes no key of the whole for one of a route', async () => {
    const keyGenerator = ({ headers }: FastifyRequest): string => String(headers['x-key'] ?? 'me');
    const get = await serve({ keyGenerator });
    const ownScopes = ['', 'GET /own ', '["GET","/own"] '];
    for (const scope of ownScopes) await get('/', { 'x-key': `${scope}me` });
    expect(await statusesOf(get, 1, '/own')).toEqual([200]);
  });

  it('tells the count without counting', async () => {
    const get = await serve();
    await get();
    await get('/peek');
    expect(JSON.parse((await get('/peek')).body)).toMatchObject({ remaining: 2 });
  });

  it('begins the window anew, or doubles it, for who goes on, when told to', async () => {
    const goingOn = await serve({ max: 0, continueExceeding: true });
    await goingOn();
    expect((await goingOn()).reset).toBe(60);
    const doubling = await serve({ max: 0, exponentialBackoff: true }, { prefix: 'doubling' });
    expect((await doubling()).reset).toBe(60);
    expect((await doubling()).reset).toBe(120);
    expect((await doubling()).reset).toBe(240);
  });

  it('lets requests pass while the state is away, or not', async () => {
    const [open, closed] = [await serve(), await serve({}, { whenUnavailable: 'closed' })];
    await state.close();
    expect(await statusesOf(open, 5)).toEqual([200, 200, 200, 200, 200]);
    expect(await statusesOf(closed, 1)).toEqual([500]);
  });
});
