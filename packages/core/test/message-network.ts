// Test process: the primary's router and the workers' messaging, joined by channels that copy as real
// ones do. What is sent arrives in a later turn of the event loop.
import { deserialize, serialize } from 'node:v8';
import type { Messaging } from '../src/messages/messaging.js';
import { createMessageRouter } from '../src/primary/message-router.js';
import type { MessageRouter, MessageWorker } from '../src/primary/message-router.js';
import { unwrapForPrimary, unwrapForWorker, wrap } from '../src/protocol/envelope.js';
import type { ToPrimary, ToWorker } from '../src/protocol/messages.js';
import { createWorkerMessaging } from '../src/worker/worker-messaging.js';
import type { WorkerMessaging } from '../src/worker/worker-messaging.js';
import { createLogRecorder } from './simulated-cluster.js';
import type { LogLine } from './simulated-cluster.js';

export interface NetworkWorker {
  readonly handle: { -readonly [K in keyof MessageWorker]: MessageWorker[K] };
  readonly members: Messaging;
  /** Whatever is on its way to the primary, or comes later, is lost, and so is what is sent to it. */
  cut(): void;
  /** What is sent to it waits until `read()`. */
  freeze(): void;
  read(): void;
  /** What came of the messages that could be lost and were. */
  dropAll(): void;
  /** Hands it anything, as its channel would. */
  receive(raw: unknown): void;
}

export interface MessageNetwork {
  readonly router: MessageRouter;
  readonly primary: Messaging;
  readonly workers: readonly NetworkWorker[];
  readonly lines: readonly LogLine[];
  /** Hands the primary anything, as a worker's channel would. */
  receive(worker: NetworkWorker, raw: unknown): void;
  /** Resolves when everything on its way has arrived. */
  settle(): Promise<void>;
  /** The worker has ended. */
  end(worker: NetworkWorker): void;
}

export function createMessageNetwork(count: number): MessageNetwork {
  const { logger, lines } = createLogRecorder();
  const holders = new Map<number, NetworkWorker>();
  const router = createMessageRouter(logger, (workerId) => holders.get(workerId)?.handle);

  const addWorker = (workerId: number): NetworkWorker => {
    let isCut = false;
    let isFrozen = false;
    let unread: unknown[] = [];
    const onDropped = new Set<() => void>();

    const receive = (raw: unknown): void => {
      const unwrapped = unwrapForWorker(raw);
      if (unwrapped.kind !== 'message') return;
      const { message } = unwrapped;
      if (isAppMessage(message)) messaging.onMessage(message);
    };
    const send = (message: ToWorker): boolean => {
      if (isCut) return false;
      const raw: unknown = deserialize(serialize(wrap(message)));
      if (isFrozen) unread.push(raw);
      else setImmediate(() => receive(raw));
      return true;
    };
    const sendToPrimary = (message: ToPrimary): boolean => {
      const raw: unknown = deserialize(serialize(wrap(message)));
      setImmediate(() => {
        if (!isCut) receiveInPrimary(worker, raw);
      });
      return !isCut;
    };
    const messaging: WorkerMessaging = createWorkerMessaging(
      { send: sendToPrimary, offer: sendToPrimary },
      logger,
    );
    const worker: NetworkWorker = {
      members: messaging.members,
      handle: {
        workerId,
        state: { name: 'ready', sinceMs: 0 },
        send,
        offer(message, dropped) {
          if (dropped !== undefined && isFrozen) onDropped.add(dropped);
          return send(message);
        },
      },
      cut() {
        isCut = true;
        messaging.close();
      },
      freeze() {
        isFrozen = true;
      },
      read() {
        isFrozen = false;
        for (const raw of unread) receive(raw);
        unread = [];
      },
      dropAll() {
        unread = [];
        for (const dropped of onDropped) dropped();
      },
      receive,
    };
    holders.set(workerId, worker);
    return worker;
  };

  const receiveInPrimary = (worker: NetworkWorker, raw: unknown): void => {
    const unwrapped = unwrapForPrimary(raw);
    if (unwrapped.kind !== 'message') return;
    const { message } = unwrapped;
    switch (message.type) {
      case 'interest':
      case 'publish':
      case 'ask':
      case 'answer':
        router.onMessage(worker.handle, message);
        return;
      default:
    }
  };

  return {
    router,
    primary: router.members,
    workers: Array.from({ length: count }, (_, index) => addWorker(index + 1)),
    lines,
    receive: receiveInPrimary,
    async settle() {
      for (let turn = 0; turn < 8; turn++) {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
    },
    end(worker) {
      worker.cut();
      holders.delete(worker.handle.workerId);
      router.gone(worker.handle);
    },
  };
}

function isAppMessage(message: ToWorker): message is Parameters<WorkerMessaging['onMessage']>[0] {
  return message.type === 'published' || message.type === 'ask' || message.type === 'answer';
}
