import { beforeEach, describe, expect, it } from 'vitest';
import { toHttpError } from '../../http-error.js';
import { createStateStore } from '../create-state-store.js';
import { createMemoryBackend } from '../memory-state.js';
import type { StateStore } from '../state-store.js';
import { createSessionStore } from './session-store.js';
import type { LoadedSession, SessionStore } from './session-store.js';
import type { SessionStoreOptions } from './session-store-options.js';

/** Tells of every step that is taken on the state. */
function stepping(onStep: (name: string) => void): StateStore {
  const backend = createMemoryBackend();
  return createStateStore({
    ...backend,
    execute(operation) {
      onStep(operation.name);
      return backend.execute(operation);
    },
  });
}

const cookie = { expires: null };
let state: StateStore;
let steps: string[];

beforeEach(() => {
  steps = [];
  state = stepping((name) => steps.push(name));
});

function open(options: SessionStoreOptions = {}): SessionStore {
  return createSessionStore({ state, ...options });
}

async function create(sessions: SessionStore, id: string, properties: object): Promise<void> {
  await sessions.save(id, { cookie, ...properties }, sessions.createHandle());
}

async function load(sessions: SessionStore, id: string): Promise<LoadedSession> {
  const loaded = await sessions.load(id);
  if (loaded === undefined) throw new Error(`${id} is not there`);
  return loaded;
}

async function change(
  sessions: SessionStore,
  id: string,
  { data, handle }: LoadedSession,
  properties: object,
): Promise<void> {
  await sessions.save(id, { ...data, ...properties }, handle);
}

describe('a session store', () => {
  it('stores, loads, touches and destroys, each in one step', async () => {
    const sessions = open();
    expect(await sessions.load('a')).toBeUndefined();
    await create(sessions, 'a', { user: 'ann', since: new Date(5) });
    const loaded = await load(sessions, 'a');
    expect(loaded.data).toEqual({ cookie, user: 'ann', since: new Date(5) });
    await change(sessions, 'a', loaded, { user: 'bob' });
    await change(sessions, 'a', loaded, { user: 'cyd' });
    await sessions.touch('a', { cookie });
    await sessions.destroy('a');
    expect(await sessions.load('a')).toBeUndefined();
    expect(steps).toEqual([
      'getEntry',
      'compareAndSet',
      'getEntry',
      'compareAndSet',
      'compareAndSet',
      'touch',
      'set',
      'getEntry',
    ]);
  });

  it('keeps a session as long as its cookie says, and for ttlMs without an end', async () => {
    const sessions = open({ ttlMs: 5_000 });
    const inOneMinute = { expires: new Date(Date.now() + 60_000) };
    await create(sessions, 'ends', { cookie: inOneMinute });
    await create(sessions, 'stays', {});
    const lifeMs = async (id: string): Promise<number> =>
      (await state.namespace('sessions').getEntry(id))?.expiresInMs ?? 0;
    expect(await lifeMs('ends')).toBeGreaterThan(59_000);
    expect(await lifeMs('ends')).toBeLessThanOrEqual(60_001);
    expect(await lifeMs('stays')).toBeLessThanOrEqual(5_000);
    await sessions.touch('stays', { cookie: inOneMinute });
    expect(await lifeMs('stays')).toBeGreaterThan(59_000);
    await sessions.touch('ends', { cookie: { expires: new Date(0) } });
    expect(await sessions.load('ends')).toBeUndefined();
    await change(sessions, 'stays', await load(sessions, 'stays'), {
      cookie: { expires: new Date(0) },
    });
    expect(await sessions.load('stays')).toBeUndefined();
  });

  it('loads a cookie that ends when the touched session does', async () => {
    const sessions = open();
    const startMs = Date.now();
    await create(sessions, 'a', { cookie: { expires: new Date(startMs + 10_000) } });
    await sessions.touch('a', { cookie: { expires: new Date(startMs + 60_000) } });
    const { data } = await load(sessions, 'a');
    expect(data.cookie.expires).toBeInstanceOf(Date);
    expect((data.cookie.expires as Date).getTime()).toBeGreaterThan(startMs + 50_000);
  });

  it('does not let a request bring back a session that was destroyed meanwhile', async () => {
    for (const onConflict of ['merge', 'last-write-wins'] as const) {
      const sessions = open({ onConflict, namespace: onConflict });
      await create(sessions, 'a', { user: 'ann' });
      const slow = await load(sessions, 'a');
      await sessions.destroy('a');
      await change(sessions, 'a', slow, { user: 'back' });
      await sessions.touch('a', slow.data);
      // Even one that knows of no version.
      await create(sessions, 'a', { user: 'back' });
      expect(await sessions.load('a')).toBeUndefined();
      // And when it is no longer remembered that the session was destroyed.
      await state.clear(onConflict);
      await change(sessions, 'a', slow, { user: 'back' });
      expect(await sessions.load('a')).toBeUndefined();
    }
  });

  it('merges the changes of two requests, also of a request that saves again', async () => {
    const sessions = open();
    await create(sessions, 'a', { cart: [1], user: 'ann', flash: 'hello' });
    const [first, second] = [await load(sessions, 'a'), await load(sessions, 'a')];
    await change(sessions, 'a', first, { cart: [1, 2] });
    const { flash: _, ...withoutFlash } = second.data;
    await sessions.save('a', { ...withoutFlash, seen: true } as never, second.handle);
    expect((await load(sessions, 'a')).data).toEqual({
      cookie,
      cart: [1, 2],
      user: 'ann',
      seen: true,
    });
    // The second request has never seen the first one's cart.
    await sessions.save('a', { ...withoutFlash, seen: 'twice' } as never, second.handle);
    expect((await load(sessions, 'a')).data).toEqual({
      cookie,
      cart: [1, 2],
      user: 'ann',
      seen: 'twice',
    });
  });

  it('takes a Buffer that only the other request has changed or deleted for theirs', async () => {
    const sessions = open();
    await create(sessions, 'a', { key: Buffer.from('old'), photo: Buffer.from('photo') });
    const [first, second] = [await load(sessions, 'a'), await load(sessions, 'a')];
    const { photo: _, ...withoutPhoto } = first.data;
    await change(sessions, 'a', { ...first, data: withoutPhoto }, { key: Buffer.from('new') });
    await change(sessions, 'a', second, { user: 'ann' });
    const expected = { cookie, key: Buffer.from('new'), user: 'ann' };
    expect((await load(sessions, 'a')).data).toEqual(expected);
  });

  it('writes again only what is different from what was loaded or saved', async () => {
    for (const onConflict of ['merge', 'last-write-wins', 'reject'] as const) {
      const sessions = open({ onConflict, namespace: onConflict });
      const notes = new Map([['a', 1n]]);
      const endless = { expires: null, originalMaxAge: null };
      await create(sessions, 'a', { cookie: endless, notes });
      const { data, handle } = await load(sessions, 'a');
      const stepsOf = async (session: object): Promise<string[]> => {
        steps.length = 0;
        await sessions.saveOrTouch('a', { ...data, ...session }, handle);
        return [...steps];
      };
      expect(await stepsOf({})).toEqual(['touch']);
      (data['notes'] as typeof notes).set('a', 2n);
      expect(await stepsOf({})).toEqual(['compareAndSet']);
      expect(await stepsOf({})).toEqual(['touch']);
      const ends = { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) };
      expect(await stepsOf({ cookie: ends })).toEqual(['compareAndSet']);
      const later = {
        ...ends,
        expires: new Date(Date.now() + 90_000),
        originalExpires: new Date(),
      };
      expect(await stepsOf({ cookie: later })).toEqual(['touch']);
      expect((await load(sessions, 'a')).data).toMatchObject({ notes: new Map([['a', 2n]]) });
    }
  });

  it('touches what is the same, however it is written', async () => {
    const sessions = open();
    // A cookie that does not say when it ends, and a number that was once a fraction.
    await create(sessions, 'a', { cookie: {}, half: 1 });
    await create(sessions, 'b', { seen: new Date(0), count: [0.5].map((half) => half + 0.5)[0] });
    for (const id of ['a', 'b']) {
      const { data, handle } = await load(sessions, id);
      steps.length = 0;
      await sessions.saveOrTouch(id, structuredClone(data), handle);
      expect(steps).toEqual(['touch']);
    }
  });

  it('lets the last write win when told to', async () => {
    const sessions = open({ onConflict: 'last-write-wins' });
    await create(sessions, 'a', { count: 0 });
    const [first, second] = [await load(sessions, 'a'), await load(sessions, 'a')];
    await change(sessions, 'a', first, { count: 1, first: true });
    await change(sessions, 'a', second, { count: 2 });
    expect((await load(sessions, 'a')).data).toEqual({ cookie, count: 2 });
  });

  it('rejects a lost update when told to', async () => {
    const sessions = open({ onConflict: 'reject' });
    await create(sessions, 'a', { count: 0 });
    const [first, second] = [await load(sessions, 'a'), await load(sessions, 'a')];
    await change(sessions, 'a', first, { count: 1 });
    const conflict = { code: 'SESSION_CONFLICT' };
    await expect(change(sessions, 'a', second, { count: 2 })).rejects.toMatchObject(conflict);
    await change(sessions, 'a', first, { count: 3 });
    await sessions.destroy('a');
    await expect(change(sessions, 'a', first, { count: 4 })).rejects.toMatchObject(conflict);
  });

  it('loses no change of requests that all save at once', async () => {
    const sessions = open();
    await create(sessions, 'a', {});
    const requests = await Promise.all(
      Array.from({ length: 15 }, async () => await load(sessions, 'a')),
    );
    await Promise.all(
      requests.map(
        async (request, index) => await change(sessions, 'a', request, { [`r${index}`]: 1 }),
      ),
    );
    expect(Object.keys((await load(sessions, 'a')).data)).toHaveLength(16);
  });

  it('takes saves of one request one after another, as no conflict', async () => {
    const sessions = open({ onConflict: 'reject' });
    const handle = sessions.createHandle();
    const saves = [1, 2, 3].map(
      async (count) => await sessions.save('a', { cookie, count } as never, handle),
    );
    await Promise.all(saves);
    expect((await load(sessions, 'a')).data).toEqual({ cookie, count: 3 });
  });

  it('lists, counts and clears sessions, but not destroyed ones', async () => {
    const sessions = open();
    await create(sessions, 'a', { user: 'ann' });
    await create(sessions, 'b', { user: 'bob' });
    await sessions.destroy('b');
    const found: unknown[] = [];
    for await (const entry of sessions.entries()) found.push(entry);
    expect(found).toEqual([['a', { cookie, user: 'ann' }]]);
    expect(await sessions.count()).toBe(1);
    await sessions.clear();
    expect(await sessions.count()).toBe(0);
  });

  it('refuses sessions that are too large, and those it cannot store', async () => {
    const sessions = open({ maxPayloadBytes: 1_000 });
    await expect(create(sessions, 'a', { text: 'x'.repeat(1_000) })).rejects.toMatchObject({
      code: 'SESSION_TOO_LARGE',
      message: expect.stringContaining('maxPayloadBytes is 1000'),
    });
    await expect(create(sessions, 'a', { fn: () => undefined })).rejects.toMatchObject({
      code: 'STATE_VALUE_UNSUPPORTED',
      message: expect.stringContaining('fn'),
    });
    expect(await sessions.load('a')).toBeUndefined();
  });

  it('fails with a 503 while the state is away', async () => {
    const sessions = open();
    await state.close();
    const away = { code: 'SESSION_UNAVAILABLE', statusCode: 503 };
    await expect(sessions.load('a')).rejects.toMatchObject(away);
    await expect(create(sessions, 'a', {})).rejects.toMatchObject(away);
    await expect(sessions.touch('a', { cookie })).rejects.toMatchObject(away);
    await expect(sessions.destroy('a')).rejects.toMatchObject(away);
    // And by the error handlers of the adapters, without saying why to clients.
    const error: unknown = await sessions.load('a').catch((thrown: unknown) => thrown);
    expect(toHttpError(error)).toMatchObject({
      status: 503,
      body: expect.stringContaining('"message":"sessions cannot be reached; try again later"'),
    });
  });

  it.each([
    ['state', { state: {} }],
    ['namespace', { namespace: '' }],
    ['onConflict', { onConflict: 'overwrite' }],
    ['ttlMs', { ttlMs: 0 }],
    ['tombstoneMs', { tombstoneMs: 1.5 }],
    ['maxPayloadBytes', { maxPayloadBytes: '1mb' }],
  ])('refuses a wrong %s', (option, options) => {
    expect(() => open(options as never)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(`options.${option}`),
      }),
    );
  });
});
