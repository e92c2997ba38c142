// Any process: what a state store has to be able to do, done with Redis.
import type {
  BackendEntry,
  StateBackend,
  StateData,
  StateOperation,
  StateOperationName,
  StateOperationResults,
} from '@corral/core';
import { isCluster, pingAll, publish } from './client.js';
import type { RedisClient } from './client.js';
import { createConnection } from './connection.js';
import { partlyExecuted, typeMismatch } from './errors.js';
import { createKeySpace } from './key-space.js';
import type { ResolvedRedisOptions } from './resolve-options.js';
import { runScript } from './run-script.js';
import type { ScriptArgument } from './run-script.js';
import { scanStep } from './scan.js';
import * as scripts from './scripts.js';
import type { Script } from './scripts.js';
import { STEP_KEYS, inGroups, inSteps, together } from './several-commands.js';
import {
  dataFromStored,
  fromMessage,
  fromStored,
  newVersion,
  toMessage,
  toStored,
  versionText,
} from './stored-value.js';
import { createSubscriber } from './subscriber.js';

type Handlers = {
  readonly [N in StateOperationName]: (
    operation: Extract<StateOperation, { readonly name: N }>,
  ) => Promise<StateOperationResults[N]>;
};

export function createRedisBackend(options: ResolvedRedisOptions): StateBackend {
  const connection = createConnection(options);
  const subscriber = createSubscriber(connection);
  const keySpace = createKeySpace(options.prefix, connection.keyPrefix);
  const { send } = connection;
  const { stateKey, leaseKey } = keySpace;

  const run = (
    name: StateOperationName,
    script: Script,
    key: string,
    ...args: readonly ScriptArgument[]
  ): Promise<unknown> => send(name, (client) => runScript(client, script, key, args));

  /** Returns the version. */
  const setOne = async (
    client: RedisClient,
    [key, data]: readonly [key: string, data: StateData | number],
    ttlMs: number,
  ): Promise<number> => {
    const version = newVersion();
    const value = toStored(version, data);
    await (ttlMs === 0
      ? client.set(stateKey(key), value)
      : client.set(stateKey(key), value, 'PX', ttlMs));
    return version;
  };

  /** The raw values of some keys. In a Redis Cluster, only commands on one key may always be sent. */
  const read = async (
    name: StateOperationName,
    keys: readonly string[],
  ): Promise<Array<Buffer | null>> =>
    await send(name, async (client) =>
      isCluster(client)
        ? await Promise.all(keys.map(async (key) => await client.getBuffer(key)))
        : await client.mgetBuffer(...keys),
    );

  /** Returns how many there were. */
  const unlink = async (name: StateOperationName, keys: readonly string[]): Promise<number> =>
    await send(name, async (client) => {
      if (!isCluster(client)) return await client.unlink(...keys);
      return sum(await together(keys.map(async (key) => await client.unlink(key))));
    });

  const scan = async (
    name: StateOperationName,
    { prefix, cursor, count }: { prefix: string; cursor: string; count: number },
  ): Promise<{ readonly cursor: string; readonly keys: string[] }> => {
    const pattern = keySpace.statePattern(prefix);
    const step = await send(
      name,
      async (client) => await scanStep(client, { pattern, cursor, count }),
    );
    return { cursor: step.cursor, keys: step.found.map(keySpace.keyOf) };
  };

  const handlers: Handlers = {
    async get({ keys }) {
      const [only] = keys;
      if (only !== undefined && keys.length === 1) {
        return [
          toData(await send('get', async (client) => await client.getBuffer(stateKey(only)))),
        ];
      }
      const found = await inSteps(keys.map(stateKey), async (some) => await read('get', some));
      return found.map(toData);
    },

    async getEntry({ key }) {
      return toEntry(await run('getEntry', scripts.getEntryScript, stateKey(key)));
    },

    async set({ entries, ttlMs }) {
      const [only] = entries;
      if (only !== undefined && entries.length === 1) {
        return [await send('set', (client) => setOne(client, only, ttlMs))];
      }
      return await inSteps(
        entries,
        async (some) =>
          await send(
            'set',
            async (client) => await together(some.map((entry) => setOne(client, entry, ttlMs))),
          ),
        partlyExecuted,
      );
    },

    async has({ key }) {
      return (await send('has', (client) => client.exists(stateKey(key)))) > 0;
    },

    async delete({ keys }) {
      const removed = await inSteps(
        keys.map(stateKey),
        async (some) => [await unlink('delete', some)],
        partlyExecuted,
      );
      return sum(removed);
    },

    async touch({ key, ttlMs }) {
      if (ttlMs === 0) return (await run('touch', scripts.persistScript, stateKey(key))) === 1;
      return (await send('touch', (client) => client.pexpire(stateKey(key), ttlMs))) > 0;
    },

    async increment({ key, by, ttlMs }) {
      const args = [by, ttlMs, newVersion()] as const;
      const reply = await run('increment', scripts.incrementScript, stateKey(key), ...args);
      if (Buffer.isBuffer(reply)) throw typeMismatch(key, reply.toString());
      const [value, expiresInMs] = reply as [Buffer, number];
      return { value: Number(value.toString('latin1')), expiresInMs };
    },

    async compareAndSet({ key, expectedVersion, data, ttlMs }) {
      const version = newVersion();
      const expected = expectedVersion === 0 ? '' : versionText(expectedVersion);
      const args = [expected, toStored(version, data), ttlMs] as const;
      const reply = await run('compareAndSet', scripts.compareAndSetScript, stateKey(key), ...args);
      return reply === 1 ? { ok: true, version } : { ok: false, current: toEntry(reply) };
    },

    async scan(operation) {
      const { cursor, keys } = await scan('scan', operation);
      if (keys.length === 0) return { cursor, entries: [] };
      const found = await inGroups(
        keys.map(stateKey),
        async (some) => await read('scan', some),
        (value) => value?.byteLength ?? 0,
      );
      const entries = keys.flatMap((key, index) => {
        const data = toData(found[index] ?? null);
        return data === undefined ? [] : [[key, data] as const];
      });
      return { cursor, entries };
    },

    async clear({ prefix, cursor }) {
      const step = await scan('clear', { prefix, cursor, count: STEP_KEYS });
      const removed = step.keys.length === 0 ? 0 : await unlink('clear', step.keys.map(stateKey));
      return { cursor: step.cursor, removed };
    },

    async acquireLease({ lease, owner, ttlMs }) {
      const script = scripts.acquireLeaseScript;
      const token = await run('acquireLease', script, leaseKey(lease), owner, ttlMs);
      return token === null ? undefined : (token as number);
    },

    async renewLease({ lease, owner, ttlMs }) {
      const script = scripts.renewLeaseScript;
      return (await run('renewLease', script, leaseKey(lease), owner, ttlMs)) === 1;
    },

    async releaseLease({ lease, owner }) {
      await run('releaseLease', scripts.releaseLeaseScript, leaseKey(lease), owner);
    },

    async publish({ channel, data }) {
      const name = keySpace.channel(channel);
      await send('publish', async (client) => await publish(client, name, toMessage(data)));
    },
  };

  return {
    execute: (operation) => handlers[operation.name](operation),

    async subscribe(channel, listener, onGap = () => undefined) {
      const name = keySpace.channel(channel);
      const subscription = {
        onMessage: (message: Buffer): void => {
          const data = fromMessage(message);
          if (data !== undefined) listener(data);
        },
        onGap,
      };
      await subscriber.add(name, subscription);
      return async () => {
        subscriber.remove(name, subscription);
      };
    },

    async ping() {
      await send('ping', pingAll);
    },

    async close() {
      subscriber.close();
      await connection.close();
    },
  };
}

function toData(raw: Buffer | null): StateData | number | undefined {
  return raw === null ? undefined : dataFromStored(raw);
}

/** @param reply `[value, ms to live]`, or nothing */
function toEntry(reply: unknown): BackendEntry | undefined {
  if (reply === null) return undefined;
  const [raw, expiresInMs] = reply as [Buffer, number];
  return { ...fromStored(raw), expiresInMs };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
