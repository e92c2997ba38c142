import { createMemoryBackend, createStateStore } from '@corral/core';
import type { StateStore } from '@corral/core';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFastifySessionStore, sessionOptions } from './session.js';
import type { ClusterSessionOptions } from './session.js';

declare module 'fastify' {
  interface Session {
    user?: string;
    [name: string]: unknown;
  }
}

const secret = 's'.repeat(32);
let state: StateStore;
const apps: FastifyInstance[] = [];

beforeEach(() => {
  state = createStateStore(createMemoryBackend());
});

afterEach(async () => {
  await Promise.all(apps.splice(0).map(async (app) => await app.close()));
  await state.close();
});

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly setCookie: string | undefined;
}

interface Client {
  cookie: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
}

/** An app whose requests wait at `/hold/…` until all of them have loaded the session. */
async function serve(options: Partial<ClusterSessionOptions> = {}): Promise<() => Client> {
  const app = Fastify({ trustProxy: true });
  apps.push(app);
  await app.register(fastifyCookie);
  await app.register(fastifySession, sessionOptions({ secret, state, ...options }));
  app.get<{ Params: { user: string } }>('/login/:user', async (request) => {
    await request.session.regenerate();
    request.session.user = request.params.user;
    return 'hello';
  });
  app.get('/me', async (request) => request.session.user ?? 'nobody');
  app.get<{ Params: { name: string } }>('/set/:name', async (request) => {
    request.session[request.params.name] = true;
    return 'set';
  });
  app.get<{ Params: { name: string } }>('/twice/:name', async (request) => {
    request.session[request.params.name] = 1;
    await request.session.save();
    await request.session.reload();
    request.session[request.params.name] = 2;
    return 'set';
  });
  let release: () => void;
  let waiting = 0;
  const released = new Promise<void>((resolve) => (release = resolve));
  app.get<{ Params: { name: string } }>('/hold/:name', async (request) => {
    waiting += 1;
    if (waiting === 2) release();
    await released;
    request.session[request.params.name] = true;
    return 'set';
  });
  app.get('/filter', async (request) => {
    request.session['filter'] ??= request.query;
    return request.session['filter'];
  });
  app.get('/renew', async (request) => {
    await request.session.regenerate(Object.keys(request.session));
    return 'renewed';
  });
  app.get('/visit', async (request) => {
    const visits = (request.session['visits'] ??= new Map()) as Map<string, number>;
    visits.set('here', (visits.get('here') ?? 0) + 1);
    await request.session.save();
    return String(visits.get('here'));
  });
  app.get('/remember', async (request) => {
    request.session.cookie.maxAge = 600_000;
    await request.session.save();
    return 'remembered';
  });
  app.get('/json', async (request) => JSON.stringify(request.session));
  app.get('/logout', async (request) => {
    await request.session.destroy();
    return 'bye';
  });
  return () => {
    const client: Client = {
      cookie: '',
      async get(path, headers = {}) {
        const sent = client.cookie === '' ? headers : { ...headers, cookie: client.cookie };
        const response = await app.inject({ url: path, headers: sent });
        const given = response.headers['set-cookie'];
        const setCookie = Array.isArray(given) ? given[0] : given;
        if (setCookie !== undefined) client.cookie = setCookie.split(';', 1)[0] ?? '';
        return { status: response.statusCode, body: response.body, setCookie };
      },
    };
    return client;
  };
}

/** Notes which members of a store are called. */
function watched(store: StateStore, steps: string[]): StateStore {
  return new Proxy(store, {
    get(target, member: keyof StateStore) {
      if (member === 'namespace') return (name: string) => watched(target.namespace(name), steps);
      steps.push(member);
      return target[member];
    },
  });
}

describe('sessions of @fastify/session', () => {
  it('begin with a login, under a new id, and end with a logout', async () => {
    const ann = (await serve())();
    expect((await ann.get('/me')).body).toBe('nobody');
    expect(ann.cookie).toBe('');
    await ann.get('/set/before');
    const before = ann.cookie;
    const login = await ann.get('/login/ann');
    expect(login.setCookie).toMatch(/^sid=.*; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(ann.cookie).not.toBe(before);
    expect((await ann.get('/me')).body).toBe('ann');
    const kept = ann.cookie;
    await ann.get('/logout');
    ann.cookie = kept;
    expect((await ann.get('/me')).body).toBe('nobody');
    await ann.get('/set/a');
    expect(ann.cookie).not.toBe(kept);
  });

  it('keep what they had under a new id when told to', async () => {
    const ann = (await serve())();
    await ann.get('/login/ann');
    await ann.get('/me');
    const before = ann.cookie;
    expect((await ann.get('/renew')).body).toBe('renewed');
    expect(ann.cookie).not.toBe(before);
    expect((await ann.get('/me')).body).toBe('ann');
    ann.cookie = before;
    expect((await ann.get('/me')).body).toBe('nobody');
  });

  it('take the query of a request as it is', async () => {
    const ann = (await serve())();
    expect(await ann.get('/filter?by=name')).toMatchObject({ status: 200 });
    expect(await ann.get('/filter')).toMatchObject({ body: '{"by":"name"}' });
  });

  it('sends cookies over TLS alone when they are to be secure', async () => {
    const ann = (await serve({ secure: true, maxAgeMs: 60_000 }))();
    expect((await ann.get('/login/ann')).setCookie).toBeUndefined();
    const { setCookie } = await ann.get('/login/ann', { 'x-forwarded-proto': 'https' });
    expect(setCookie).toMatch(/^__Host-sid=/);
    for (const part of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax', 'Expires=']) {
      expect(setCookie).toContain(part);
    }
  });

  it('merge what concurrent requests change, each with the version that it has loaded', async () => {
    const ann = (await serve())();
    await ann.get('/login/ann');
    await Promise.all([ann.get('/hold/first'), ann.get('/hold/second')]);
    const { body } = await ann.get('/json');
    // What carries the version is nothing in the session's JSON.
    expect(Object.keys(JSON.parse(body) as object).sort()).toEqual([
      'cookie',
      'first',
      'second',
      'user',
    ]);
  });

  it('reject the later of two concurrent changes when told to', async () => {
    const ann = (await serve({ onConflict: 'reject' }))();
    await ann.get('/login/ann');
    const answers = await Promise.all([ann.get('/hold/first'), ann.get('/hold/second')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 500]);
    expect(answers.map(({ body }) => body).join('')).toContain('SESSION_CONFLICT');
  });

  it('can be saved, loaded and changed again in one request', async () => {
    const ann = (await serve({ onConflict: 'reject' }))();
    await ann.get('/login/ann');
    expect((await ann.get('/twice/note')).status).toBe(200);
    expect(JSON.parse((await ann.get('/json')).body)).toMatchObject({ user: 'ann', note: 2 });
  });

  it.each([false, true])(
    'are saved when told to, whatever JSON does not show (rolling: %s)',
    async (rolling) => {
      const ann = (await serve({ rolling, maxAgeMs: 60_000 }))();
      for (const visits of ['1', '2', '3']) expect((await ann.get('/visit')).body).toBe(visits);
      await ann.get('/remember');
      const { cookie } = JSON.parse((await ann.get('/json')).body) as { cookie: object };
      expect(cookie).toMatchObject({ originalMaxAge: 600_000 });
      expect((await ann.get('/visit')).body).toBe('4');
    },
  );

  it('are written when they have changed, and with rolling otherwise only touched', async () => {
    for (const [rolling, touches] of [
      [false, []],
      [true, ['touch']],
    ] as const) {
      const steps: string[] = [];
      const ann = (
        await serve({
          state: watched(state, steps),
          rolling,
          namespace: String(rolling),
          maxAgeMs: 60_000,
        })
      )();
      await ann.get('/login/ann');
      steps.length = 0;
      expect((await ann.get('/me')).setCookie !== undefined).toBe(rolling);
      expect(steps).toEqual(['getEntry', ...touches]);
      await ann.get('/set/a');
      expect(steps.slice(1 + touches.length)).toEqual(['getEntry', 'compareAndSet']);
    }
  });

  it('accept cookies of an older secret while it is rotated', async () => {
    const ann = (await serve())();
    await ann.get('/login/ann');
    const rotated = (await serve({ secret: ['n'.repeat(32), secret] }))();
    rotated.cookie = ann.cookie;
    expect((await rotated.get('/me')).body).toBe('ann');
    const replaced = (await serve({ secret: 'n'.repeat(32) }))();
    replaced.cookie = ann.cookie;
    expect((await replaced.get('/me')).body).toBe('nobody');
  });

  it('fail with a 503 while the state is away', async () => {
    const ann = (await serve())();
    await ann.get('/login/ann');
    await state.close();
    const { status, body } = await ann.get('/me');
    expect([status, JSON.parse(body)]).toMatchObject([503, { code: 'SESSION_UNAVAILABLE' }]);
  });

  it('can be listed, counted and cleared', async () => {
    const store = createFastifySessionStore({ state });
    await new Promise((resolve) => {
      store.set('a', { cookie: { originalMaxAge: null }, user: 'ann' }, resolve);
    });
    expect(await store.all()).toMatchObject({ a: { user: 'ann' } });
    expect(await store.length()).toBe(1);
    await store.clear();
    expect(await store.length()).toBe(0);
  });
});

describe('sessionOptions', () => {
  it.each([
    ['secret', { secret: 'short' }],
    ['secret', { secret: [] }],
    ['name', { secret, name: '__Host-sid' }],
    ['onConflict', { secret, onConflict: 'never' }],
  ])('refuses a wrong %s', (option, options) => {
    expect(() => sessionOptions({ state, ...options } as never)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(`options.${option}`),
      }),
    );
  });
});
