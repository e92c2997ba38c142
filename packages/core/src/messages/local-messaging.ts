// Any process: requests that this process answers itself, and messaging where there is no other process.
import { workerGone } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Ask, Outcome } from '../protocol/messages.js';
import { createRequester } from '../protocol/requester.js';
import { createMessaging } from './create-messaging.js';
import { createLocalMessages } from './local-messages.js';
import type { LocalMessages } from './local-messages.js';
import type { Messaging } from './messaging.js';

/** Asks this process itself, as any other would be asked: bounded in time, with the same errors. */
export type AskLocally = (ask: Ask, from: number) => Promise<Outcome>;

export function createAskLocally(local: LocalMessages): AskLocally {
  const requester = createRequester<Ask & { readonly from: number }, Outcome>(
    (seq, { name, data, from }) => {
      void local.answer(name, data, from).then((outcome) => requester.resolve(seq, outcome));
      return true;
    },
  );
  return async (ask, from) => await requester.request({ ...ask, from }, ask.timeoutMs);
}

/** Messaging of a process that is the whole cluster: it is the primary, worker 1, and any. */
export function createLocalMessaging(logger: Logger, workerId: number): Messaging {
  const local = createLocalMessages(logger);
  const askLocally = createAskLocally(local);
  return createMessaging(local, {
    publish: (topic, data) => local.deliver(topic, data, workerId),
    async ask(ask) {
      if (typeof ask.target === 'number' && ask.target !== workerId) {
        throw workerGone(ask.name, ask.target);
      }
      return await askLocally(ask, workerId);
    },
  });
}
