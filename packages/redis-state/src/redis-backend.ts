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
import { createConnection } from './connection.js';
import type { RedisConnection } from './connection.js';
import { partlyExecuted, typeMismatch } from './errors.js';
import { createKeySpace } from './key-space.js';
import { createKeyCalls } from './key-calls.js';
import {
  deleteOperation,
  getOperation,
  hasOperation,
  scriptOperation,
  sendAll,
  setOperation,
  touchOperation,
} from './key-operations.js';
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
  const { stateKey, leaseKey } = keySpace;
  const keyCalls = createKeyCalls(connection);
  const { call } = keyCalls;

  /** What is more than a call on one key, and comes after those before it. */
  const send: RedisConnection['send'] = (name, command) => {
    keyCalls.flush();
    return connection.send(name, command);
  };

  const runOnLease = (
    name: StateOperationName,
    script: Script,
    lease: string,
    ...args: readonly ScriptArgument[]
  ): Promise<unknown> => send(name, (way) => runScript(way, script, [leaseKey(lease)], args));

  /** The raw values of some keys. In a Redis Cluster, only commands on one key may always be sent. */
  const read = async (
    name: StateOperationName,
    keys: readonly string[],
  ): Promise<Array<Buffer | null>> =>
    await send(name, async ({ client }) =>
      isCluster(client)
        ? await Promise.all(keys.map(async (key) => await client.getBuffer(key)))
        : await client.mgetBuffer(...keys),
    );

  /** Returns how many there were. */
  const unlink = async (name: StateOperationName, keys: readonly string[]): Promise<number> =>
    await send(name, async ({ client }) => {
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
      async ({ client }) => await scanStep(client, { pattern, cursor, count }),
    );
    return { cursor: step.cursor, keys: step.found.map(keySpace.keyOf) };
  };

  const handlers: Handlers = {
    async get({ keys }) {
      const [only] = keys;
      if (only !== undefined && keys.length === 1) {
        return [toData((await call(getOperation(stateKey(only)))) as Buffer | null)];
      }
      const found = await inSteps(keys.map(stateKey), async (some) => await read('get', some));
      return found.map(toData);
    },

    async getEntry({ key }) {
      return toEntry(await call(scriptOperation('getEntry', stateKey(key))));
    },

    async set({ entries, ttlMs }) {
      const [only] = entries;
      if (only !== undefined && entries.length === 1) {
        const [key, data] = only;
        const version = newVersion();
        await call(setOperation(stateKey(key), toStored(version, data), ttlMs));
        return [version];
      }
      return await inSteps(
        entries,
        async (some) => {
          const versions = some.map(newVersion);
          const operations = some.map(([key, data], index) =>
            setOperation(stateKey(key), toStored(versions[index] ?? 0, data), ttlMs),
          );
          await send('set', (way) => sendAll(way, operations));
          return versions;
        },
        partlyExecuted,
      );
    },

    async has({ key }) {
      return (await call(hasOperation(stateKey(key)))) === 1;
    },

    async delete({ keys }) {
      const [only] = keys;
      if (only !== undefined && keys.length === 1) {
        return (await call(deleteOperation(stateKey(only)))) as number;
      }
      const removed = await inSteps(
        keys.map(stateKey),
        async (some) => [await unlink('delete', some)],
        partlyExecuted,
      );
      return sum(removed);
    },

    async touch({ key, ttlMs }) {
      return (await call(touchOperation(stateKey(key), ttlMs))) === 1;
    },

    async increment({ key, by, ttlMs }) {
      const args = [by, ttlMs, newVersion()] as const;
      const reply = await call(scriptOperation('increment', stateKey(key), ...args));
      if (Buffer.isBuffer(reply)) throw typeMismatch(key, reply.toString());
      const [value, expiresInMs] = reply as [Buffer, number];
      return { value: Number(value.toString('latin1')), expiresInMs };
    },

    async compareAndSet({ key, expectedVersion, data, ttlMs }) {
      const version = newVersion();
      const expected = expectedVersion === 0 ? '' : versionText(expectedVersion);
      const args = [expected, toStored(version, data), ttlMs] as const;
      const reply = await call(scriptOperation('compareAndSet', stateKey(key), ...args));
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
      const token = await runOnLease('acquireLease', script, lease, owner, ttlMs);
      return token === null ? undefined : (token as number);
    },

    async renewLease({ lease, owner, ttlMs }) {
      const script = scripts.renewLeaseScript;
      return (await runOnLease('renewLease', script, lease, owner, ttlMs)) === 1;
    },

    async releaseLease({ lease, owner }) {
      await runOnLease('releaseLease', scripts.releaseLeaseScript, lease, owner);
    },

    async publish({ channel, data }) {
      const name = keySpace.channel(channel);
      await send('publish', async ({ client }) => await publish(client, name, toMessage(data)));
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
      await send('ping', async ({ client }) => await pingAll(client));
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
