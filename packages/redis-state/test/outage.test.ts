// Process tests: a single Redis that is not there yet, is killed, stopped, full, or has lost its scripts.
import { expect, test } from 'vitest';
import { freePort, startRedisServer, waitFor } from '@corral/test-kit';
import { doubtful, refused, startStore } from './support.js';

const timeoutMs = 500;
/** What a busy machine may add to a deadline. */
const toleranceMs = 1_500;

test.concurrent('a Redis that is not there yet: clear errors in time, then it just works', async (context) => {
  const port = await freePort();
  const store = startStore(context, { url: `redis://127.0.0.1:${port}`, timeoutMs });
  for (const call of ['ping', 'clear']) {
    const outcome = await store.call(call);
    expect(outcome.error).toMatchObject(refused);
    expect(outcome.error?.message).toContain('ECONNREFUSED');
    expect(outcome.tookMs).toBeLessThan(timeoutMs + toleranceMs);
  }
  expect((await store.call('subscribe', 'news')).error).toMatchObject(refused);

  const server = await startRedisServer({ port });
  context.onTestFinished(server.close);
  await waitFor(async () => (await store.call('ping')).error === undefined, {
    what: () => 'the store to find Redis',
  });
  expect(await store.call('increment', 'key')).toMatchObject({ value: { value: 1 } });
  // Its scripts are known to no server for ever.
  await server.call('SCRIPT', 'FLUSH');
  expect(await store.call('increment', 'key')).toMatchObject({ value: { value: 2 } });
});

test.concurrent('a Redis that is killed under load: nothing is counted twice, what was acknowledged stays', async (context) => {
  const server = await startRedisServer({ settings: { appendonly: 'yes', appendfsync: 'always' } });
  context.onTestFinished(server.close);
  const store = startStore(context, { url: server.url, timeoutMs });
  expect((await store.call('subscribe', 'news')).error).toBeUndefined();
  const counting = store.call('incrementAlways', 'key');
  await store.fixture.nextEvent('counted', ({ acknowledged }) => Number(acknowledged) > 200);

  await server.kill();
  const { acknowledged: before } = await store.fixture.nextEvent(
    'counted',
    ({ refused }) => Number(refused) > 0,
  );
  await server.start();
  await store.fixture.nextEvent(
    'counted',
    ({ acknowledged }) => Number(acknowledged) > Number(before),
  );
  // Messages may have been missed: the subscriber reads again.
  await store.fixture.nextEvent('gap');
  await store.call('publish', 'news', 'again');
  expect(await store.fixture.nextEvent('message')).toMatchObject({ message: 'again' });

  await store.call('stop');
  const counts = (await counting).value as Record<'acknowledged' | 'doubtful', number>;
  const total = (await store.call('get', 'key')).value;
  expect(total).toBeGreaterThanOrEqual(counts.acknowledged);
  expect(total).toBeLessThanOrEqual(counts.acknowledged + counts.doubtful);
});

test.concurrent('a Redis that is stopped: deadlines hold, nothing piles up, it recovers', async (context) => {
  const server = await startRedisServer();
  context.onTestFinished(server.close);
  const maxPending = 1_000;
  const store = startStore(context, { url: server.url, timeoutMs, maxPending });
  expect((await store.call('subscribe', 'news')).error).toBeUndefined();
  expect(await store.call('increment', 'key')).toMatchObject({ value: { value: 1 } });

  server.pause();
  const outcome = await store.call('incrementMany', 'key', 3 * maxPending);
  expect(outcome.tookMs).toBeLessThan(timeoutMs + toleranceMs);
  const errors = outcome.value as ReadonlyArray<{ readonly message: string }>;
  const sent = errors.slice(0, maxPending).map(factsOf);
  expect(new Set(sent)).toEqual(new Set([factsOf(doubtful)]));
  // There was room for no more.
  const others = errors.slice(maxPending);
  expect(new Set(others.map(factsOf))).toEqual(new Set([factsOf(refused)]));
  expect(others.every(({ message }) => message.includes('maxPending'))).toBe(true);

  server.resume();
  await waitFor(async () => (await store.call('ping')).error === undefined, {
    what: () => 'the store to find Redis',
  });
  const value = Number((await store.call('get', 'key')).value);
  expect(value).toBeLessThanOrEqual(1 + maxPending);
});

test.concurrent('a Redis that answers too late that it does not know a script: nothing is sent when nobody waits', async (context) => {
  const server = await startRedisServer();
  context.onTestFinished(server.close);
  const store = startStore(context, { url: server.url, timeoutMs });
  expect((await store.call('increment', 'other')).error).toBeUndefined();
  await server.call('SCRIPT', 'FLUSH');

  server.pause();
  expect((await store.call('increment', 'key')).error).toMatchObject(doubtful);
  server.resume();
  await waitFor(async () => (await store.call('ping')).error === undefined, {
    what: () => 'the store to find Redis',
  });
  expect((await store.call('has', 'key')).value).toBe(false);
});

test.concurrent('a server that knows no script yet: the calls of a turn keep their order', async (context) => {
  const server = await startRedisServer();
  context.onTestFinished(server.close);
  const store = startStore(context, { url: server.url, timeoutMs });
  expect((await store.call('ping')).error).toBeUndefined();
  // More than one command takes: the last ones go alone, behind a script.
  const sets = Array.from({ length: 66 }, (_, value) => ['set', 'key', value]);
  const calls = [...sets, ['deleteMany', ['key', 'other']], ['get', 'key']];
  expect((await store.call('together', calls)).value).toMatchObject([
    ...sets.map(() => ({ value: expect.any(Number) })),
    { value: 1 },
    {},
  ]);
  expect((await store.call('has', 'key')).value).toBe(false);
});

test.concurrent('a client of the app’s own that forgets commands: what was lost with its connection counts no longer', async (context) => {
  const server = await startRedisServer();
  context.onTestFinished(server.close);
  const ownClient = { autoResendUnfulfilledCommands: false };
  const maxPending = 10;
  const store = startStore(context, { url: server.url, timeoutMs, maxPending, ownClient });
  expect((await store.call('ping')).error).toBeUndefined();
  server.pause();
  const outcome = await store.call('incrementMany', 'key', maxPending);
  expect(new Set((outcome.value as object[]).map(factsOf))).toEqual(new Set([factsOf(doubtful)]));
  await server.kill();
  await server.start();
  await waitFor(async () => (await store.call('ping')).error === undefined, {
    what: () => 'the store to find Redis',
  });
});

test.concurrent('a Redis that is full says so', async (context) => {
  const server = await startRedisServer({ settings: { maxmemory: '3mb' } });
  context.onTestFinished(server.close);
  const store = startStore(context, { url: server.url });
  let outcome = await store.call('set', 'key-0', 'x'.repeat(500_000));
  for (let key = 1; outcome.error === undefined && key < 10; key += 1) {
    outcome = await store.call('set', `key-${key}`, 'x'.repeat(500_000));
  }
  expect(outcome.error).toMatchObject({ code: 'STATE_FULL' });
  expect((await store.call('has', 'key-0')).value).toBe(true);
  await server.call('CONFIG', 'SET', 'maxmemory', '1');
  // What needs no room goes on, also beside what does.
  const calls = [
    ['has', 'key-0'],
    ['set', 'one-more', 'x'],
    ['delete', 'key-0'],
  ];
  const full = { error: { code: 'STATE_FULL', message: expect.stringMatching(/^set: /) } };
  expect((await store.call('together', calls)).value).toMatchObject([
    { value: true },
    full,
    { value: true },
  ]);
  // And what needs some gets none for coming after what needs none.
  expect((await store.call('together', calls.toReversed())).value).toMatchObject([
    { value: false },
    full,
    { value: false },
  ]);
});

test.concurrent('a store opens nothing before its first call, and leaves nothing behind', async (context) => {
  const server = await startRedisServer();
  context.onTestFinished(server.close);
  const unused = startStore(context, { url: server.url });
  const used = startStore(context, { url: server.url });
  expect((await unused.call('sockets')).value).toEqual([]);
  await used.call('subscribe', 'news');
  await used.call('set', 'key', 1);
  server.pause();
  for (const store of [unused, used]) {
    store.fixture.send({ id: 0, call: 'end', args: [] });
    expect(await store.fixture.waitForExit()).toEqual({ code: 0, signal: null });
  }
});

/** Without the message, in one text, to be compared in a set. */
function factsOf(error: object): string {
  return JSON.stringify({ ...error, message: undefined });
}

test.concurrent('a Redis that refuses a part of a call: the error says that another was executed', async (context) => {
  const server = await startRedisServer();
  context.onTestFinished(server.close);
  await server.call('ACL', 'SETUSER', 'default', 'resetkeys', '~corral:state:mine*');
  const store = startStore(context, { url: server.url, timeoutMs });
  const { error } = await store.call('setMany', [
    ['mine', 1],
    ['theirs', 1],
  ]);
  expect(error).toMatchObject(doubtful);
  expect(error?.message).toContain('NOPERM');
  expect(await store.call('get', 'mine')).toMatchObject({ value: 1 });
  expect((await store.call('set', 'theirs', 1)).error).toMatchObject(refused);
  // Other calls of the same turn have no part in it.
  const calls = [
    ['increment', 'mine'],
    ['increment', 'theirs'],
    ['get', 'mine'],
  ];
  expect((await store.call('together', calls)).value).toMatchObject([
    { value: { value: 2 } },
    { error: refused },
    { value: 2 },
  ]);
});

test.concurrent('a call on many keys takes as much of maxPending as one on a single key', async (context) => {
  const server = await startRedisServer();
  context.onTestFinished(server.close);
  const store = startStore(context, { url: server.url, timeoutMs, maxPending: 1 });
  const keys = Array.from({ length: 1_200 }, (_, index) => `key-${index}`);
  expect(
    (
      await store.call(
        'setMany',
        keys.map((key) => [key, 1]),
      )
    ).error,
  ).toBeUndefined();
  expect((await store.call('getMany', keys)).value).toEqual(keys.map(() => 1));
  expect(await store.call('deleteMany', keys)).toMatchObject({ value: keys.length });
});
