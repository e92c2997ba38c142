// Any process: calls on one key each. One server takes all calls of one turn of the event loop as one command:
// a command is most of what a call costs, here and in Redis.
import type { Failure, RedisConnection } from './connection.js';
import { fromRedisError } from './errors.js';
import {
  MAX_BYTES,
  MAX_OPERATIONS,
  sendAlone,
  sendAsOne,
  sizeOfOperation,
} from './key-operations.js';
import type { KeyOperation } from './key-operations.js';
import { createTurns } from './turns.js';

export interface KeyCalls {
  /** Resolves with the answer, Buffers for strings; rejects with an error of ours. */
  call(operation: KeyOperation): Promise<unknown>;
  /** Sends what waits for the end of the turn, so that what is sent next comes after it. */
  flush(): void;
}

export function createKeyCalls(connection: RedisConnection): KeyCalls {
  if (!connection.isCluster) return createBatches(connection);
  return {
    call: (operation) => connection.send(operation.name, (way) => sendAlone(way, operation)),
    flush: () => undefined,
  };
}

/** The calls share one promise: one for each would cost more than all the rest. */
interface Batch {
  readonly operations: KeyOperation[];
  size: number;
  readonly settled: Promise<void>;
  readonly settle: () => void;
  /** The answers in order, or why there are none. */
  outcome: readonly unknown[] | Failure;
}

function createBatches(connection: RedisConnection): KeyCalls {
  let open: Batch | undefined;
  let maxOperations = MAX_OPERATIONS;

  const begin = (): Batch => {
    let settle = (): void => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    turns.waits();
    return { operations: [], size: 0, settled, settle, outcome: [] };
  };

  const flush = (): void => {
    const batch = open;
    if (batch === undefined) return;
    open = undefined;
    const { operations } = batch;
    const settle = (outcome: Batch['outcome']): void => {
      batch.outcome = outcome;
      batch.settle();
    };
    connection.start({
      command: (way) => sendAsOne(way, operations),
      calls: operations.length,
      onAnswer(replies) {
        maxOperations = howManyFit(replies, maxOperations);
        settle(replies);
      },
      onFailure: settle,
    });
  };
  const turns = createTurns(flush);

  return {
    async call(operation) {
      const { name } = operation;
      const refusal = connection.enter();
      if (refusal !== undefined) throw refusal(name);
      turns.count();
      const batch = (open ??= begin());
      const index = batch.operations.push(operation) - 1;
      batch.size += sizeOfOperation(operation);
      if (batch.operations.length >= maxOperations || batch.size >= MAX_BYTES) flush();
      await batch.settled;
      const { outcome } = batch;
      if (typeof outcome === 'function') throw outcome(name);
      const reply = outcome[index];
      if (reply instanceof Error) throw fromRedisError({ name, sent: true }, reply);
      return reply;
    },
    flush,
  };
}

/**
 * How many operations the next command is to have: nobody knows how large values are but from those before, which
 * say little of those that come.
 */
function howManyFit(replies: readonly unknown[], before: number): number {
  let bytes = 0;
  for (const reply of replies) {
    const value: unknown = Array.isArray(reply) ? reply[0] : reply;
    if (Buffer.isBuffer(value)) bytes += value.byteLength;
  }
  // Nothing was read.
  if (bytes === 0) return before;
  const fitting = Math.floor((MAX_BYTES * replies.length) / bytes);
  return Math.max(1, Math.min(fitting, GROWTH * before, MAX_OPERATIONS));
}

const GROWTH = 4;
