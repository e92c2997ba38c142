// Contestant of measurement `redis-state`: a process that reads, writes, touches and counts on Redis as
// fast as it can, the way BENCH_CLIENT says, as often as the runner asks for it over IPC.
import { createRequire } from 'node:module';
import { redisState } from '@corral/redis-state';
import { Redis } from 'ioredis';
import { peerFile } from '../lib/peers.mjs';
// Not public: what is compared are the same commands, without the store around them.
import { incrementScript, setScript } from '../../packages/redis-state/dist/scripts.js';

const url = process.env.BENCH_REDIS_URL;
const keyCount = 1_000;
const ttlMs = 24 * 60 * 60 * 1_000;
/** As a session of a shop may be: about 600 bytes of JSON. */
const session = {
  cookie: { originalMaxAge: ttlMs, expires: '2026-11-25T12:00:00.000Z', httpOnly: true, path: '/' },
  user: { id: 'f3b1c9e2-5d0a-4f39-9c55-0d6f6f3a9d11', name: 'Ada Lovelace', roles: ['buyer'] },
  cart: Array.from({ length: 5 }, (_, index) => ({ sku: `sku-${index}-0042`, count: index + 1 })),
  flash: [],
  csrf: 'pVQ8r2o3eW1xT7sYb0uKc5nL9mZ4aHgD',
};

const clients = {
  async store() {
    const state = redisState({ url });
    return {
      get: async (key) => await state.get(key),
      set: async (key) => await state.set(key, session, { ttlMs }),
      touch: async (key) => await state.touch(key, { ttlMs }),
      increment: async (key) => await state.increment(key, 1, { ttlMs }),
    };
  },

  /** The same commands by hand. */
  async ioredis() {
    const redis = new Redis(url, { enableAutoPipelining: true });
    await Promise.all([setScript, incrementScript].map(({ lua }) => redis.script('LOAD', lua)));
    const { sha: setSha } = setScript;
    const { sha: incrementSha } = incrementScript;
    return {
      async get(key) {
        const value = await redis.get(key);
        return value === null ? undefined : JSON.parse(value.slice(19));
      },
      set: async (key) =>
        await redis.evalsha(setSha, 1, key, `s ${JSON.stringify(session)}`, ttlMs),
      touch: async (key) => (await redis.pexpire(key, ttlMs)) === 1,
      async increment(key) {
        const [value, expiresInMs] = await redis.evalsha(incrementSha, 1, key, 1, ttlMs);
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
    const call = (method, ...args) =>
      new Promise((resolve, reject) => {
        store[method](...args, (error, value) => {
          if (error instanceof Error) reject(error);
          else resolve(value);
        });
      });
    return {
      get: async (key) => await call('get', key),
      set: async (key) => await call('set', key, session),
      touch: async (key) => await call('touch', key, session),
    };
  },
};

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
for (let key = 0; key < keyCount; key += 1) await client.set(`key-${key}`);

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
