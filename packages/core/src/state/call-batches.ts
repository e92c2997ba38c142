// Worker, or a primary in an upgrade: calls on their way to the embedded store of another process. All calls of
// one turn of the event loop travel in one message, and so do their answers.
import { deferred } from '../deferred.js';
import type { Deferred } from '../deferred.js';
import { CorralError, stateUnavailable } from '../errors.js';
import type { CorralErrorCode } from '../errors.js';
import { sizeOfData } from './value-codec.js';
import { decodeResult, encodeOperation } from './wire.js';
import type { WireOperation, WireOperationName } from './wire.js';

/** What may be on its way, so that a primary that does not answer cannot fill this process's memory. */
const MAX_PENDING_CALLS = 100_000;
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
/** A turn with more than this takes further messages, between which others have theirs. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;

/** One turn's calls. */
export interface StateBatch {
  readonly seq: number;
  /** See state/wire.ts. */
  readonly operations: readonly unknown[];
}

/** What came of a batch, or of the part of it that was not answered yet. */
export interface StateAnswer {
  readonly seq: number;
  /** The results of those that did not fail, in order. */
  readonly results: readonly unknown[];
  /** How many calls this answers, the failed ones included. */
  readonly count: number;
  /** Of each that failed: its number in this answer, code, message. */
  readonly failed: readonly unknown[];
}

export interface CallBatchesOptions {
  /** False: the channel is closed. */
  readonly send: (batch: StateBatch) => boolean;
  /** How long a call may take. */
  readonly timeoutMs: number;
}

export interface CallBatches {
  /** @throws {CorralError} what the other process says, or `STATE_UNAVAILABLE` */
  call(operation: WireOperation): Promise<unknown>;
  onAnswer(answer: StateAnswer): void;
  /** Resolves when all calls so far have their answers. */
  idle(): Promise<void>;
  /** Rejects what waits, and what comes. */
  end(toError: () => CorralError): void;
}

/** The calls share one promise: one for each would cost more than all the rest. */
interface Batch {
  readonly names: WireOperationName[];
  readonly operations: unknown[];
  readonly sinceMs: number;
  bytes: number;
  /** What came of them so far, in order: a result, or an error of ours. */
  readonly outcomes: unknown[];
  readonly settled: Deferred<void>;
}

export function createCallBatches({ send, timeoutMs }: CallBatchesOptions): CallBatches {
  const batches = new Map<number, Batch>();
  let open: Batch | undefined;
  let lastSeq = 0;
  let pendingCalls = 0;
  let pendingBytes = 0;
  let deadline: NodeJS.Timeout | undefined;
  /** Why there is nothing more to be had. */
  let ended: (() => CorralError) | undefined;

  const begin = (): Batch => {
    const batch: Batch = {
      names: [],
      operations: [],
      sinceMs: performance.now(),
      bytes: 0,
      outcomes: [],
      settled: deferred<void>(),
    };
    batches.set(++lastSeq, batch);
    setImmediate(flush);
    if (deadline === undefined) watch();
    return batch;
  };
  const flush = (): void => {
    const batch = open;
    open = undefined;
    // What waited for this turn's end may have been rejected meanwhile.
    if (batch === undefined || !batches.has(lastSeq)) return;
    if (!send({ seq: lastSeq, operations: batch.operations })) end(primaryGone);
  };
  const settle = (seq: number, batch: Batch): void => {
    batches.delete(seq);
    // It may have run out of time before its turn's end; what is called now is for the next.
    if (batch === open) open = undefined;
    pendingCalls -= batch.names.length;
    pendingBytes -= batch.bytes;
    batch.settled.resolve();
  };
  const fail = (seq: number, batch: Batch, error: CorralError): void => {
    while (batch.outcomes.length < batch.names.length) batch.outcomes.push(error);
    settle(seq, batch);
  };
  const end = (toError: () => CorralError): void => {
    ended ??= toError;
    clearTimeout(deadline);
    for (const [seq, batch] of batches) fail(seq, batch, ended());
  };

  /** One timer for all: batches run out of time in the order in which they began. */
  const watch = (): void => {
    const [oldest] = batches.values();
    if (oldest === undefined) return;
    const remainingMs = Math.max(1, oldest.sinceMs + timeoutMs - performance.now());
    deadline = setTimeout(() => {
      // After what has already arrived: this process may have been blocked until now.
      setImmediate(() => {
        deadline = undefined;
        expire();
        watch();
      });
    }, remainingMs).unref();
  };
  const expire = (): void => {
    for (const [seq, batch] of batches) {
      if (performance.now() - batch.sinceMs < timeoutMs) return;
      fail(seq, batch, stateUnavailable(`there was no answer within ${timeoutMs} ms`));
    }
  };

  return {
    async call(operation) {
      if (ended !== undefined) throw ended();
      const bytes = bytesOf(operation);
      if (pendingCalls >= MAX_PENDING_CALLS || pendingBytes + bytes > MAX_PENDING_BYTES) {
        throw stateUnavailable('too many calls wait for their answer already');
      }
      pendingCalls += 1;
      pendingBytes += bytes;
      const batch = (open ??= begin());
      const index = batch.names.push(operation.name) - 1;
      encodeOperation(operation, batch.operations);
      batch.bytes += bytes;
      if (batch.bytes >= MAX_MESSAGE_BYTES) flush();
      await batch.settled.promise;
      const outcome = batch.outcomes[index];
      if (outcome instanceof CorralError) throw outcome;
      return outcome;
    },
    onAnswer({ seq, results, count, failed }) {
      const batch = batches.get(seq);
      // Too late: it was told so.
      if (batch === undefined) return;
      const { names, outcomes } = batch;
      const reader = { list: results, next: 0 };
      const first = outcomes.length;
      const end = Math.min(names.length, first + count);
      let nextFailed = 0;
      for (let index = first; index < end; index++) {
        if (failed[nextFailed] === index - first) {
          outcomes.push(toError(failed[nextFailed + 1], failed[nextFailed + 2]));
          nextFailed += 3;
        } else {
          outcomes.push(decodeResult(names[index], reader));
        }
      }
      if (end === names.length) settle(seq, batch);
    },
    async idle() {
      await Promise.all([...batches.values()].map(async ({ settled }) => await settled.promise));
    },
    end,
  };
}

export function primaryGone(): CorralError {
  return stateUnavailable('the primary has gone');
}

function toError(code: unknown, message: unknown): CorralError {
  return new CorralError(String(code) as CorralErrorCode, String(message));
}

/** About what a call takes in memory and on the channel. */
function bytesOf(operation: WireOperation): number {
  switch (operation.name) {
    case 'set':
      return operation.entries.reduce(
        (sum, [key, data]) => sum + key.length + sizeOfData(data),
        100,
      );
    case 'compareAndSet':
    case 'publish':
      return 100 + sizeOfData(operation.data);
    case 'get':
    case 'delete':
      return 100 + 50 * operation.keys.length;
    default:
      return 100;
  }
}
