// Any process: operations on one key each, as commands: alone a plain one, where there is one, and several
// as one, which a single server takes for a fraction of what they cost one by one.
import type { StateOperationName } from '@corral/core';
import { isCluster } from './client.js';
import type { RedisClient } from './client.js';
import type { Way } from './connection.js';
import { isReply } from './errors.js';
import { runScript } from './run-script.js';
import type { ScriptArgument } from './run-script.js';
import { operationsScript } from './scripts.js';
import { requireAll, together } from './several-commands.js';

/** An operation of the script of operations. */
export interface KeyOperation {
  readonly name: StateOperationName;
  /** In Redis. */
  readonly key: string;
  /** What it takes in the script. */
  readonly args: readonly ScriptArgument[];
  /** A plain command that does and answers the same. */
  readonly plain?: (client: RedisClient) => Promise<unknown>;
}

export function getOperation(key: string): KeyOperation {
  return { name: 'get', key, args: [], plain: (client) => client.getBuffer(key) };
}

/** @param ttlMs 0: for ever */
export function setOperation(key: string, value: string | Buffer, ttlMs: number): KeyOperation {
  const plain = (client: RedisClient): Promise<unknown> =>
    ttlMs === 0 ? client.set(key, value) : client.set(key, value, 'PX', ttlMs);
  return { name: 'set', key, args: [value, ttlMs], plain };
}

export function hasOperation(key: string): KeyOperation {
  return { name: 'has', key, args: [], plain: (client) => client.exists(key) };
}

export function deleteOperation(key: string): KeyOperation {
  return { name: 'delete', key, args: [], plain: (client) => client.unlink(key) };
}

/** @param ttlMs 0: for ever */
export function touchOperation(key: string, ttlMs: number): KeyOperation {
  const operation: KeyOperation = { name: 'touch', key, args: [ttlMs] };
  if (ttlMs === 0) return operation;
  return { ...operation, plain: (client) => client.pexpire(key, ttlMs) };
}

/** One that has no plain command. */
export function scriptOperation(
  name: StateOperationName,
  key: string,
  ...args: readonly ScriptArgument[]
): KeyOperation {
  return { name, key, args };
}

export async function sendAlone(way: Way, operation: KeyOperation): Promise<unknown> {
  if (operation.plain !== undefined) return await operation.plain(way.client);
  const [reply] = await run(way, [operation]);
  if (reply instanceof Error) throw reply;
  return reply;
}

/** To one server, as one command. What of it has failed has an error of ioredis's in its place. */
export async function sendAsOne(
  way: Way,
  operations: readonly KeyOperation[],
): Promise<readonly unknown[]> {
  const [first] = operations;
  if (first !== undefined && operations.length === 1) return [await sendAlone(way, first)];
  try {
    return await (operations.every(({ name }) => name === 'get')
      ? way.client.mgetBuffer(...operations.map(({ key }) => key))
      : run(way, operations));
  } catch (error) {
    if (!isReply(error) || !ONE_BY_ONE.test(error.message) || !way.isAwaited()) throw error;
    // For the sake of one key or command, Redis has executed nothing: the others are not to suffer.
    return await Promise.all(
      operations.map(
        async (operation) =>
          await sendAlone(way, operation).catch((reason: unknown) => reason as Error),
      ),
    );
  }
}

/** A user that may not do all of it, and a server that is a part of a Redis Cluster. */
const ONE_BY_ONE = /^(?:NOPERM|CROSSSLOT) /;

/**
 * Settles when all are carried out, or not.
 *
 * @throws as {@link requireAll}
 */
export async function sendAll(way: Way, operations: readonly KeyOperation[]): Promise<void> {
  if (isCluster(way.client)) {
    await together(operations.map((operation) => sendAlone(way, operation)));
    return;
  }
  const groups = Array.from(groupsOf(operations), (group) => sendAsOne(way, group));
  requireAll((await together(groups)).flat());
}

/** How many operations one command has. While it is carried out, Redis does nothing else. */
export const MAX_OPERATIONS = 64;
/** About how much one command has, and its answer. */
export const MAX_BYTES: number = 256 * 1024;

export function sizeOfOperation({ key, args }: KeyOperation): number {
  let size = key.length;
  for (const argument of args) size += typeof argument === 'number' ? 8 : argument.length;
  return size;
}

function* groupsOf(operations: readonly KeyOperation[]): Generator<readonly KeyOperation[]> {
  let group: KeyOperation[] = [];
  let size = 0;
  for (const operation of operations) {
    group.push(operation);
    size += sizeOfOperation(operation);
    if (group.length < MAX_OPERATIONS && size < MAX_BYTES) continue;
    yield group;
    group = [];
    size = 0;
  }
  if (group.length > 0) yield group;
}

async function run(way: Way, operations: readonly KeyOperation[]): Promise<readonly unknown[]> {
  const keys: string[] = [];
  const args: ScriptArgument[] = [];
  for (const operation of operations) {
    keys.push(operation.key);
    args.push(operation.name, ...operation.args);
  }
  const replies = (await runScript(way, operationsScript, keys, args)) as readonly unknown[];
  return operations.map((_, index) => {
    const [reply, second] = [replies[2 * index], replies[2 * index + 1]];
    return second === null ? reply : [reply, second];
  });
}
