// Worker: the app's messages to and from other processes, all by way of the primary.
import type { Logger } from '../logger.js';
import { createMessaging } from '../messages/create-messaging.js';
import { createLocalMessages } from '../messages/local-messages.js';
import type { Messaging } from '../messages/messaging.js';
import type { AppMessageToWorker, Ask, Outcome } from '../protocol/messages.js';
import { createRequester } from '../protocol/requester.js';
import type { PrimaryLink } from './primary-link.js';

export interface WorkerMessaging {
  /** The messaging members of the worker's handle. */
  readonly members: Messaging;
  onMessage(message: AppMessageToWorker): void;
  /** The primary has gone: rejects what waits for an answer. */
  close(): void;
}

export function createWorkerMessaging(
  link: Pick<PrimaryLink, 'send' | 'offer'>,
  logger: Logger,
): WorkerMessaging {
  const local = createLocalMessages(logger, (interest) =>
    link.send({ type: 'interest', ...interest }),
  );
  const requester = createRequester<Ask, Outcome>((seq, ask) =>
    link.send({ type: 'ask', seq, ...ask }),
  );

  return {
    members: createMessaging(local, {
      publish: (topic, data) => void link.offer({ type: 'publish', topic, data }),
      ask: async (ask) => await requester.request(ask, ask.timeoutMs),
    }),
    onMessage(message) {
      switch (message.type) {
        case 'published':
          local.deliver(message.topic, message.data, message.from);
          return;
        case 'ask':
          void local
            .answer(message.name, message.data, message.from)
            .then((outcome) => link.send({ type: 'answer', seq: message.seq, outcome }));
          return;
        case 'answer':
          requester.resolve(message.seq, message.outcome);
          return;
        default:
          message satisfies never;
      }
    },
    close: () => requester.close(),
  };
}
