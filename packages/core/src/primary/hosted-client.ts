// Primary: one worker (or another primary) that reaches the embedded store by messages: its calls in order,
// its answers no faster than it reads them, and what it holds until it is gone.
import { nodeCrypto } from '../builtins.js';
import { toErrorInfo } from '../error-info.js';
import type { ChannelListener } from '../state/channels.js';
import type { StateAnswer, StateBatch } from '../state/call-batches.js';
import type { StateData, StateOperationResults } from '../state/state-backend.js';
import { decodeOperation, encodeResult, WireError } from '../state/wire.js';
import type { WireOperation } from '../state/wire.js';

/** Answers with more than this go in several messages. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** With so much on its way to one that does not read, its further calls wait. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

/** The way to a client. */
export interface ClientPort {
  /** Posts an answer; `onSent` is called when it has left this process. */
  answer(answer: StateAnswer, onSent: () => void): void;
  /** Posts a message that can be lost. */
  published(channel: string, data: StateData | number): void;
}

export interface HostedClient {
  /** @returns why it is no batch of ours; nothing of it is done then */
  onBatch(batch: StateBatch): string | undefined;
  /** It has ended: gives up its leases and subscriptions. */
  gone(): void;
}

export interface HostedClientParts {
  readonly port: ClientPort;
  /** A primary: what its workers hold is told apart there already. */
  readonly isPeer: boolean;
  /** False while the state is not in this process. */
  readonly isHere: () => boolean;
  /** @throws {CorralError} what the engine refuses */
  readonly executeHere: (operation: WireOperation) => unknown;
  readonly execute: (operation: WireOperation) => Promise<unknown>;
  readonly subscribe: (channel: string, listener: ChannelListener) => () => void;
}

interface WaitingBatch {
  readonly seq: number;
  readonly operations: readonly WireOperation[];
  /** How many have been answered. */
  answered: number;
}

export function createHostedClient(parts: HostedClientParts): HostedClient {
  const { port, isPeer } = parts;
  const ownerPrefix = isPeer ? '' : `${nodeCrypto().randomUUID()}/`;
  const waiting: WaitingBatch[] = [];
  const subscriptions = new Map<string, () => void>();
  let unreadBytes = 0;
  let isAwaiting = false;
  let isGone = false;

  /** An operation as this client's. */
  const adopt = (operation: WireOperation): WireOperation =>
    'owner' in operation ? { ...operation, owner: ownerPrefix + operation.owner } : operation;

  const listen = ({ name, channel }: Extract<WireOperation, { channel: string }>): void => {
    if (name === 'subscribe' && !subscriptions.has(channel)) {
      const end = parts.subscribe(channel, (data) => port.published(channel, data));
      subscriptions.set(channel, end);
    } else if (name === 'unsubscribe') {
      subscriptions.get(channel)?.();
      subscriptions.delete(channel);
    }
  };

  const post = (answer: AnswerBuilder): void => {
    const { bytes } = answer;
    unreadBytes += bytes;
    port.answer(answer.answer, () => {
      unreadBytes -= bytes;
      proceed();
    });
  };

  const answerNow = (batch: WaitingBatch): void => {
    const answer = createAnswer(batch.seq);
    while (batch.answered < batch.operations.length && answer.bytes < MAX_ANSWER_BYTES) {
      const operation = batch.operations[batch.answered++];
      if (operation === undefined) break;
      try {
        answer.add(operation, parts.executeHere(operation));
      } catch (error) {
        answer.fail(error);
      }
    }
    post(answer);
  };

  const answerLater = async (batch: WaitingBatch): Promise<void> => {
    // All begin now, so that they stay in order.
    const operations = batch.operations.slice(batch.answered);
    batch.answered = batch.operations.length;
    const outcomes = await Promise.allSettled(operations.map(parts.execute));
    const answer = createAnswer(batch.seq);
    for (const [index, outcome] of outcomes.entries()) {
      const operation = operations[index];
      if (operation === undefined || outcome.status === 'rejected') {
        answer.fail(outcome.status === 'rejected' ? outcome.reason : undefined);
      } else {
        answer.add(operation, outcome.value);
      }
    }
    post(answer);
  };

  const proceed = (): void => {
    while (!isAwaiting && !isGone && unreadBytes < MAX_UNREAD_BYTES) {
      const [batch] = waiting;
      if (batch === undefined) return;
      if (parts.isHere()) {
        answerNow(batch);
      } else {
        isAwaiting = true;
        void answerLater(batch).then(() => {
          isAwaiting = false;
          proceed();
        });
      }
      if (batch.answered === batch.operations.length) waiting.shift();
    }
  };

  return {
    onBatch({ seq, operations: list }) {
      const operations: WireOperation[] = [];
      try {
        for (const reader = { list, next: 0 }; reader.next < list.length;) {
          operations.push(adopt(decodeOperation(reader)));
        }
      } catch (error) {
        if (error instanceof WireError) return error.message;
        throw error;
      }
      for (const operation of operations) {
        if (operation.name === 'subscribe' || operation.name === 'unsubscribe') listen(operation);
      }
      waiting.push({ seq, operations, answered: 0 });
      proceed();
      return undefined;
    },
    gone() {
      if (isGone) return;
      isGone = true;
      waiting.length = 0;
      for (const end of subscriptions.values()) end();
      if (isPeer) return;
      // Where the state has gone, too, its own clock ends them.
      void parts.execute({ name: 'releaseLeasesOf', owner: ownerPrefix }).catch(() => undefined);
    },
  };
}

interface AnswerBuilder {
  readonly bytes: number;
  readonly answer: StateAnswer;
  add(operation: WireOperation, result: unknown): void;
  fail(error: unknown): void;
}

function createAnswer(seq: number): AnswerBuilder {
  const results: unknown[] = [];
  const failed: unknown[] = [];
  let count = 0;
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    get answer() {
      return { seq, results, failed, count };
    },
    add(operation, result) {
      encodeResult(operation.name, result, results);
      count += 1;
      bytes += sizeOfResult(operation, result);
    },
    fail(error) {
      const { code = 'REMOTE_ERROR', message } = toErrorInfo(error);
      failed.push(count, code, message);
      count += 1;
      bytes += 100 + message.length;
    },
  };
}

/** About how long it is in a message, in bytes. */
function sizeOfResult({ name }: WireOperation, result: unknown): number {
  switch (name) {
    case 'get':
      return (result as StateOperationResults['get']).reduce<number>(
        (sum, data) => sum + lengthOf(data),
        20,
      );
    case 'getEntry':
      return 30 + lengthOf((result as StateOperationResults['getEntry'])?.data);
    case 'scan':
      return (result as StateOperationResults['scan']).entries.reduce(
        (sum, [key, data]) => sum + key.length + lengthOf(data),
        30,
      );
    case 'compareAndSet': {
      const outcome = result as StateOperationResults['compareAndSet'];
      return 30 + (outcome.ok ? 0 : lengthOf(outcome.current?.data));
    }
    default:
      return 20;
  }
}

function lengthOf(data: StateData | number | undefined): number {
  return typeof data === 'string' || typeof data === 'object' ? data.length : 8;
}
