// Worker, or a primary in an upgrade: the embedded store of another process. All calls of one turn of the
// event loop travel in one message, and so do their answers.
import { CorralError, stateClosed, stateUnavailable } from '../errors.js';
import type { CorralErrorCode } from '../errors.js';
import { createChannels } from './channels.js';
import type { StateBackend, StateData } from './state-backend.js';
import { sizeOfData } from './value-codec.js';
import { decodeResult, encodeOperation } from './wire.js';
import type { WireOperation, WireReader } from './wire.js';

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

/** What came of a batch, or of a part of it. */
export interface StateAnswer {
  readonly seq: number;
  /** The results of those that did not fail, in order. */
  readonly results: readonly unknown[];
  /** How many calls this answers, the failed ones included. */
  readonly count: number;
  /** Of each that failed: its number in this answer, code, message. */
  readonly failed: readonly unknown[];
}

export interface RemoteBackend extends StateBackend {
  /** Any operation, also one that only travels. */
  call(operation: WireOperation): Promise<unknown>;
  onAnswer(answer: StateAnswer): void;
  onPublished(channel: string, data: StateData | number): void;
  /** The other process has gone: rejects what waits and what comes. */
  disconnected(): void;
}

interface Call {
  readonly operation: WireOperation;
  readonly bytes: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Batch {
  readonly calls: Call[];
  readonly sinceMs: number;
  bytes: number;
  /** How many have been answered. */
  answered: number;
}

interface Subscription {
  listeners: number;
  readonly confirmed: Promise<unknown>;
}

export interface RemoteBackendOptions {
  /** False: the channel is closed. */
  readonly send: (batch: StateBatch) => boolean;
  /** How long a call may take. */
  readonly timeoutMs: number;
}

export function createRemoteBackend({ send, timeoutMs }: RemoteBackendOptions): RemoteBackend {
  const batches = new Map<number, Batch>();
  const channels = createChannels();
  const subscriptions = new Map<string, Subscription>();
  let open: Batch | undefined;
  let lastSeq = 0;
  let pendingCalls = 0;
  let pendingBytes = 0;
  let deadline: NodeJS.Timeout | undefined;
  /** Why there is nothing more to be had. */
  let ended: (() => CorralError) | undefined;

  const settled = (call: Call): void => {
    pendingCalls -= 1;
    pendingBytes -= call.bytes;
  };
  const fail = (seq: number, batch: Batch, error: CorralError): void => {
    batches.delete(seq);
    for (const call of batch.calls.slice(batch.answered)) {
      settled(call);
      call.reject(error);
    }
  };
  const failAll = (toError: () => CorralError): void => {
    ended ??= toError;
    clearTimeout(deadline);
    for (const [seq, batch] of batches) fail(seq, batch, ended());
  };

  const flush = (): void => {
    const batch = open;
    open = undefined;
    // What waited for this turn's end may have been rejected meanwhile.
    if (batch === undefined || !batches.has(lastSeq)) return;
    const operations: unknown[] = [];
    for (const { operation } of batch.calls) encodeOperation(operation, operations);
    if (!send({ seq: lastSeq, operations })) failAll(primaryGone);
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

  const call = async (operation: WireOperation): Promise<unknown> => {
    if (ended !== undefined) throw ended();
    const bytes = bytesOf(operation);
    if (pendingCalls >= MAX_PENDING_CALLS || pendingBytes + bytes > MAX_PENDING_BYTES) {
      throw stateUnavailable('too many calls wait for their answer already');
    }
    pendingCalls += 1;
    pendingBytes += bytes;
    return await new Promise((resolve, reject) => {
      if (open === undefined) {
        open = { calls: [], sinceMs: performance.now(), bytes: 0, answered: 0 };
        batches.set(++lastSeq, open);
        setImmediate(flush);
        if (deadline === undefined) watch();
      }
      open.calls.push({ operation, bytes, resolve, reject });
      open.bytes += bytes;
      if (open.bytes >= MAX_MESSAGE_BYTES) flush();
    });
  };

  const subscribeThere = async (channel: string): Promise<void> => {
    let subscription = subscriptions.get(channel);
    if (subscription === undefined) {
      subscription = { listeners: 0, confirmed: call({ name: 'subscribe', channel }) };
      subscriptions.set(channel, subscription);
    }
    subscription.listeners += 1;
    try {
      await subscription.confirmed;
    } catch (error) {
      // The next one is to ask again.
      if (subscriptions.get(channel) === subscription) subscriptions.delete(channel);
      throw error;
    }
  };
  const unsubscribeThere = async (channel: string): Promise<void> => {
    const subscription = subscriptions.get(channel);
    if (subscription === undefined) return;
    subscription.listeners -= 1;
    if (subscription.listeners > 0) return;
    subscriptions.delete(channel);
    // Messages that still come find nobody; a primary that has gone sends none.
    await call({ name: 'unsubscribe', channel }).catch(() => undefined);
  };

  return {
    call,
    execute: call as StateBackend['execute'],
    async subscribe(channel, listener) {
      const end = channels.subscribe(channel, listener);
      try {
        await subscribeThere(channel);
      } catch (error) {
        end();
        throw error;
      }
      let isOver = false;
      return async () => {
        if (isOver) return;
        isOver = true;
        end();
        await unsubscribeThere(channel);
      };
    },
    ping: async () => void (await call({ name: 'has', key: '' })),
    async close() {
      failAll(stateClosed);
      await Promise.resolve();
    },
    onAnswer({ seq, results, count, failed }) {
      const batch = batches.get(seq);
      // Too late: it was told so.
      if (batch === undefined) return;
      const reader: WireReader = { list: results, next: 0 };
      const first = batch.answered;
      batch.answered = Math.min(batch.calls.length, first + count);
      if (batch.answered === batch.calls.length) batches.delete(seq);
      let nextFailed = 0;
      for (let index = first; index < batch.answered; index++) {
        const call = batch.calls[index];
        if (call === undefined) return;
        settled(call);
        if (failed[nextFailed] === index - first) {
          call.reject(toError(failed[nextFailed + 1], failed[nextFailed + 2]));
          nextFailed += 3;
        } else {
          call.resolve(decodeResult(call.operation.name, reader));
        }
      }
    },
    onPublished: channels.publish,
    disconnected: () => failAll(primaryGone),
  };
}

function primaryGone(): CorralError {
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
