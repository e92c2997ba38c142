// Primary: passes the app's messages between the processes, and keeps account of who wants which.
import { channelSaturated, noResponder, workerGone } from '../errors.js';
import type { Logger } from '../logger.js';
import { createMessaging } from '../messages/create-messaging.js';
import { createLocalMessages } from '../messages/local-messages.js';
import { createAskLocally } from '../messages/local-messaging.js';
import type { Messaging } from '../messages/messaging.js';
import type { AppMessageToPrimary, Ask, Outcome } from '../protocol/messages.js';
import { toFailure } from '../protocol/outcome.js';
import { createRequester } from '../protocol/requester.js';
import type { Requester } from '../protocol/requester.js';
import { chooseResponder } from './responder-policy.js';
import type { WorkerHandle } from './worker-handle.js';

/** The primary's number among senders and receivers. */
const PRIMARY = 0;

/** A worker, as far as messages go. */
export type MessageWorker = Pick<WorkerHandle, 'workerId' | 'state' | 'send' | 'offer'>;

export interface MessageRouter {
  /** The messaging members of the primary's handle. */
  readonly members: Messaging;
  onMessage(worker: MessageWorker, message: AppMessageToPrimary): void;
  /** The worker has ended: nobody waits for its answers any longer. */
  gone(worker: MessageWorker): void;
}

/** A worker whose app has said something. */
interface Peer {
  readonly worker: MessageWorker;
  readonly topics: Set<string>;
  readonly names: Set<string>;
  readonly requester: Requester<Ask & { readonly from: number }, Outcome>;
}

/** @param holderOf the worker that serves under a number */
export function createMessageRouter(
  logger: Logger,
  holderOf: (workerId: number) => MessageWorker | undefined,
): MessageRouter {
  const local = createLocalMessages(logger);
  const askLocally = createAskLocally(local);
  const peers = new Map<MessageWorker, Peer>();
  let lastChosen = -1;

  const peerOf = (worker: MessageWorker): Peer => {
    const known = peers.get(worker);
    if (known !== undefined) return known;
    const requester: Peer['requester'] = createRequester((seq, { name, data, from }) =>
      worker.offer({ type: 'ask', seq, name, data, from }, () =>
        requester.reject(seq, channelSaturated(name, worker.workerId)),
      ),
    );
    const peer = { worker, topics: new Set<string>(), names: new Set<string>(), requester };
    peers.set(worker, peer);
    return peer;
  };

  const publish = (topic: string, data: Uint8Array, from: number): void => {
    for (const { worker, topics } of peers.values()) {
      if (topics.has(topic)) worker.offer({ type: 'published', topic, data, from });
    }
    local.deliver(topic, data, from);
  };

  const responderFor = ({ target, name }: Ask): Peer => {
    if (typeof target === 'number') {
      const holder = holderOf(target);
      if (holder === undefined) throw workerGone(name, target);
      const peer = peers.get(holder);
      if (peer?.names.has(name) !== true) throw noResponder(name, `worker ${target}`);
      return peer;
    }
    const able = [...peers.values()].filter(({ names }) => names.has(name));
    const candidates = able.map(({ worker, requester }) => ({
      state: worker.state.name,
      pending: requester.pending,
    }));
    lastChosen = chooseResponder(candidates, lastChosen) ?? -1;
    const chosen = able[lastChosen];
    if (chosen === undefined) throw noResponder(name, 'any worker');
    return chosen;
  };

  /** The outcome is passed on as it came. */
  const ask = async (request: Ask, from: number): Promise<Outcome> => {
    if (request.target === 'primary') return await askLocally(request, from);
    const { requester } = responderFor(request);
    return await requester.request({ ...request, from }, request.timeoutMs);
  };

  /** One that does not read what it has asked for gets an error instead, which is small. */
  const answer = (
    worker: MessageWorker,
    { seq, name }: { readonly seq: number; readonly name: string },
    outcome: Outcome,
  ): void => {
    worker.offer({ type: 'answer', seq, outcome }, () => {
      const failure = toFailure(channelSaturated(name, worker.workerId));
      worker.send({ type: 'answer', seq, outcome: failure });
    });
  };

  return {
    members: createMessaging(local, {
      publish: (topic, data) => publish(topic, data, PRIMARY),
      ask: async (request) => await ask(request, PRIMARY),
    }),
    onMessage(worker, message) {
      switch (message.type) {
        case 'interest': {
          const { topics, names } = peerOf(worker);
          const wanted = message.kind === 'topic' ? topics : names;
          if (message.isWanted) wanted.add(message.name);
          else wanted.delete(message.name);
          return;
        }
        case 'publish':
          publish(message.topic, message.data, worker.workerId);
          return;
        case 'ask':
          void ask(message, worker.workerId)
            .catch(toFailure)
            .then((outcome) => answer(worker, message, outcome));
          return;
        case 'answer':
          peers.get(worker)?.requester.resolve(message.seq, message.outcome);
          return;
        default:
          message satisfies never;
      }
    },
    gone(worker) {
      const { workerId } = worker;
      peers.get(worker)?.requester.close((name) => workerGone(name, workerId));
      peers.delete(worker);
    },
  };
}
