// Contestant of measurement `redis-state`: a process that reads, writes, touches and counts on Redis as
// fast as it can, the way BENCH_CLIENT says, as often as the runner asks for it over IPC. `session…` are the
// members of an express-session store; the others are commands.
import { createRequire } from 'node:module';
import { createExpressSessionStore } from '@corral/express/session';
import { redisState } from '@corral/redis-state';
import { Redis } from 'ioredis';
import { peerFile } from '../lib/peers.mjs';
// Not public: what is compared are the same commands, without the store around them.
import { operationsScript } from '../../packages/redis-state/dist/scripts.js';
import { newVersion } from '../../packages/redis-state/dist/stored-value.js';

const url = process.env.BENCH_REDIS_URL;
const keyCount = 1_000;
const ttlMs = 24 * 60 * 60 * 1_000;
/** As a session of a shop may be: about 600 bytes of JSON. */
const session = {
  cookie: {
    originalMaxAge: ttlMs,
    expires: new Date(Date.now() + ttlMs).toJSON(),
    httpOnly: true,
    path: '/',
  },
  user: { id: 'f3b1c9e2-5d0a-4f39-9c55-0d6f6f3a9d11', name: 'Ada Lovelace', roles: ['buyer'] },
  cart: Array.from({ length: 5 }, (_, index) => ({ sku: `sku-${index}-0042`, count: index + 1 })),
  flash: [],
  csrf: 'pVQ8r2o3eW1xT7sYb0uKc5nL9mZ4aHgD',
};

const clients = {
  async store() {
    const state = redisState({ url });
    const store = createExpressSessionStore({ state });
    // As express-session does for a request, once for each session: from then on it is saved again and again.
    const loaded = new Map();
    for (let key = 0; key < keyCount; key += 1) {
      const id = `key-${key}`;
      await called(store, 'set', id, structuredClone(session));
      loaded.set(id, await called(store, 'get', id));
    }
    return {
      sessionGet: async (key) => await called(store, 'get', key),
      sessionSet: async (key) => await called(store, 'set', key, loaded.get(key)),
      sessionTouch: async (key) => await called(store, 'touch', key, loaded.get(key)),
      get: async (key) => await state.get(key),
      set: async (key) => await state.set(key, session, { ttlMs }),
      touch: async (key) => await state.touch(key, { ttlMs }),
      increment: async (key) => await state.increment(key, 1, { ttlMs }),
    };
  },

  /** The same commands by hand. */
  async ioredis() {
    const redis = new Redis(url, { enableAutoPipelining: true });
    await redis.script('LOAD', operationsScript.lua);
    const { sha } = operationsScript;
    return {
      async get(key) {
        const value = await redis.get(key);
        return value === null ? undefined : JSON.parse(value.slice(19));
      },
      set: async (key) =>
        await redis.set(key, `${newVersion()} s ${JSON.stringify(session)}`, 'PX', ttlMs),
      touch: async (key) => (await redis.pexpire(key, ttlMs)) === 1,
      async increment(key) {
        const args = ['increment', 1, ttlMs, newVersion()];
        const [value, expiresInMs] = await redis.evalsha(sha, 1, key, ...args);
        return { value: Number(value), expiresInMs };
      },
    };
  },

  async 'connect-redis'() {
    const require = createRequire(import.meta.url);
    const { RedisStore } = require(peerFile('connect-redis'));
    const { createClient } = require(peerFile('redis'));
    const client = createClient({ url });
    await client.connect();
    const store = new RedisStore({ client });
    for (let key = 0; key < keyCount; key += 1) await called(store, 'set', `key-${key}`, session);
    return {
      sessionGet: async (key) => await called(store, 'get', key),
      sessionSet: async (key) => await called(store, 'set', key, session),
      sessionTouch: async (key) => await called(store, 'touch', key, session),
    };
  },
};

/** Calls a member of an express-session store. */
async function called(store, method, ...args) {
  return await new Promise((resolve, reject) => {
    store[method](...args, (error, value) => {
      if (error instanceof Error) reject(error);
      else resolve(value);
    });
  });
}

/** Calls a second, with so many at a time. */
async function measure(work, { concurrency, seconds }) {
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  let done = 0;
  const lane = async () => {
    while (performance.now() < endMs) {
      done += 1;
      await work(`key-${done % keyCount}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return (done * 1_000) / (performance.now() - startMs);
}

const client = await clients[process.env.BENCH_CLIENT]();
for (let key = 0; key < keyCount; key += 1) await client.set?.(`key-${key}`);

const answer = async ({ operation, concurrency, seconds }) => {
  const work = client[operation];
  const perSecond = work && (await measure(counting(operation, work), { concurrency, seconds }));
  process.send({ event: 'measured', perSecond });
};
process.on('message', (message) => void answer(message));
process.send({ event: 'ready' });

/** Counters have keys of their own. */
function counting(operation, work) {
  return operation === 'increment' ? (key) => work(`count-${key}`) : work;
}
