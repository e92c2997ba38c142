import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMemoryBackend, createStateStore } from '@corral/core';
import type { StateStore } from '@corral/core';
import express from 'express';
import session from 'express-session';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExpressSessionStore, sessionOptions } from './session.js';
import type { ExpressSessionOptions, ExpressSessionStore } from './session.js';

declare module 'express-session' {
  interface SessionData {
    user: string;
    notes: string[];
    [name: string]: unknown;
  }
}

const secret = 's'.repeat(32);
let state: StateStore;
const servers: Server[] = [];

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

interface Client {
  cookie: string;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
}

/** An app whose requests wait at `/hold/…` until all of them have loaded the session. */
async function serve(options: Partial<ExpressSessionOptions> = {}): Promise<() => Client> {
  const app = express();
  app.set('trust proxy', true);
  app.use(session(sessionOptions({ secret, state, ...options })));
  app.get('/login/:user', (req, res, next) => {
    req.session.regenerate((error: unknown) => {
      if (error !== null) return next(error);
      req.session.user = req.params.user;
      res.send(req.sessionID);
    });
  });
  app.get('/me', (req, res) => {
    res.send(req.session.user ?? 'nobody');
  });
  app.get('/set/:name', (req, res) => {
    req.session[req.params.name] = true;
    res.send('set');
  });
  const held: Array<() => void> = [];
  app.get('/hold/:name', (req, res) => {
    held.push(() => {
      req.session[req.params.name] = true;
      res.send('set');
    });
    if (held.length === 2) for (const release of held.splice(0)) release();
  });
  app.get('/json', (req, res) => {
    res.json(req.session);
  });
  app.get('/logout', (req, res) => {
    req.session = null as never;
    res.send('bye');
  });
  app.use(((error: Error & { statusCode?: number }, _req, res, _next) => {
    res.status(error.statusCode ?? 500).send(Reflect.get(error, 'code'));
  }) as express.ErrorRequestHandler);
  const server = app.listen(0);
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return () => {
    const client: Client = {
      cookie: '',
      async get(path, headers = {}) {
        const sent = client.cookie === '' ? headers : { ...headers, cookie: client.cookie };
        const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: sent });
        const [set] = response.headers.getSetCookie();
        if (set !== undefined) client.cookie = set.split(';', 1)[0] ?? '';
        return response;
      },
    };
    return client;
  };
}

const textOf = async (response: Promise<Response>): Promise<string> =>
  await (await response).text();

describe('sessions of express-session', () => {
  it('begin with a login, under a new id, and end with a logout', async () => {
    const ann = (await serve())();
    expect(await textOf(ann.get('/me'))).toBe('nobody');
    expect(ann.cookie).toBe('');
    await ann.get('/set/before');
    const before = ann.cookie;
    const login = await ann.get('/login/ann');
    expect(login.headers.getSetCookie()[0]).toMatch(/^sid=.*; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(ann.cookie).not.toBe(before);
    expect(await textOf(ann.get('/me'))).toBe('ann');
    const kept = ann.cookie;
    await ann.get('/logout');
    ann.cookie = kept;
    expect(await textOf(ann.get('/me'))).toBe('nobody');
    // An id that the server does not know, it does not take on.
    await ann.get('/set/a');
    expect(ann.cookie).not.toBe(kept);
  });

  it('sends cookies over TLS alone when they are to be secure', async () => {
    const ann = (await serve({ secure: true, maxAgeMs: 60_000 }))();
    expect((await ann.get('/login/ann')).headers.getSetCookie()).toEqual([]);
    const [cookie] = (
      await ann.get('/login/ann', { 'x-forwarded-proto': 'https' })
    ).headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-sid=.*; Path=\/; Expires=.*; HttpOnly; Secure; SameSite=Lax$/);
  });

  it('merge what concurrent requests change, each with the version that it has loaded', async () => {
    const ann = (await serve())();
    await ann.get('/login/ann');
    await Promise.all([ann.get('/hold/first'), ann.get('/hold/second')]);
    expect(await (await ann.get('/json')).json()).toMatchObject({
      user: 'ann',
      first: true,
      second: true,
    });
  });

  it('reject the later of two concurrent changes when told to', async () => {
    const ann = (await serve({ onConflict: 'reject' }))();
    await ann.get('/login/ann');
    const responses = await Promise.allSettled([ann.get('/hold/first'), ann.get('/hold/second')]);
    // express-session has begun the response when it saves: it cannot become an error any more.
    expect(responses.map(({ status }) => status)).toContain('fulfilled');
    const stored = (await (await ann.get('/json')).json()) as object;
    expect(['first', 'second'].filter((name) => name in stored)).toHaveLength(1);
  });

  it('accept cookies of an older secret while it is rotated', async () => {
    const ann = (await serve())();
    await ann.get('/login/ann');
    const rotated = (await serve({ secret: ['n'.repeat(32), secret] }))();
    rotated.cookie = ann.cookie;
    expect(await textOf(rotated.get('/me'))).toBe('ann');
    const replaced = (await serve({ secret: 'n'.repeat(32) }))();
    replaced.cookie = ann.cookie;
    expect(await textOf(replaced.get('/me'))).toBe('nobody');
  });

  it('fail with a 503 while the state is away', async () => {
    const ann = (await serve())();
    await ann.get('/login/ann');
    await state.close();
    const response = await ann.get('/me');
    expect([response.status, await response.text()]).toEqual([503, 'SESSION_UNAVAILABLE']);
  });
});

describe('the store of express-session', () => {
  let store: ExpressSessionStore;
  const cookie = new session.Cookie();

  beforeEach(() => {
    store = createExpressSessionStore({ state });
  });

  async function called<T>(call: (done: (error: unknown, result?: T) => void) => void): Promise<T> {
    return await new Promise((resolve, reject) => {
      call((error, result) => {
        if (error == null) resolve(result as T);
        else reject(error instanceof Error ? error : new Error(String(error)));
      });
    });
  }

  it('has all members, for sessions and for tools', async () => {
    await called((done) => store.set('a', { cookie, user: 'ann', notes: [] }, done));
    await called((done) => store.set('b', { cookie, user: 'bob', notes: [] }, done));
    expect(await called((done) => store.get('a', done))).toMatchObject({ user: 'ann' });
    expect(await called((done) => store.get('c', done))).toBeNull();
    expect(await called((done) => store.length(done))).toBe(2);
    expect(await called((done) => store.all(done))).toMatchObject({
      a: { user: 'ann' },
      b: { user: 'bob' },
    });
    await called((done) => store.touch('a', { cookie, user: 'ann', notes: [] }, done));
    await called((done) => store.destroy('a', done));
    expect(await called((done) => store.get('a', done))).toBeNull();
    const loaded = await called<session.SessionData | undefined>((done) => store.load('b', done));
    expect(loaded).toMatchObject({ id: 'b', user: 'bob' });
    await called((done) => store.clear(done));
    expect(await called((done) => store.length(done))).toBe(0);
  });

  it('needs no callbacks', async () => {
    store.set('a', { cookie, user: 'ann', notes: [] });
    store.touch('a', { cookie, user: 'ann', notes: [] });
    store.destroy('a');
    store.clear();
    expect(await called((done) => store.get('a', done))).toBeNull();
  });
});

describe('sessionOptions', () => {
  it.each([
    ['secret', { secret: 'short' }],
    ['secret', {}],
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
