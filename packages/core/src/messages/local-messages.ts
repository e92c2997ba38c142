// Any process: this process's subscribers and responders, and how they are called.
import { noResponder } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Interest, Outcome } from '../protocol/messages.js';
import { toFailure } from '../protocol/outcome.js';
import { callListener } from '../values/call-listener.js';
import type { MessageListener, MessageResponder } from './messaging.js';
import { decodePayload, encodePayload } from './payload.js';

export interface LocalMessages {
  subscribe(topic: string, listener: MessageListener): () => void;
  /** Undefined when the name is taken. */
  respond(name: string, responder: MessageResponder): (() => void) | undefined;
  /** Calls the topic's subscribers, later in this turn of the event loop. */
  deliver(topic: string, data: Uint8Array, from: number): void;
  /** Calls the responder; what comes of it, with the answer's bytes as the value. Never rejects. */
  answer(name: string, data: Uint8Array, from: number): Promise<Outcome>;
}

/** @param onInterest told when a topic gets its first subscriber or loses its last, or a name its responder */
export function createLocalMessages(
  logger: Logger,
  onInterest: (interest: Interest) => void = () => undefined,
): LocalMessages {
  // Each subscription is an entry of its own, also when one function subscribes twice.
  const topics = new Map<string, Set<{ readonly listener: MessageListener }>>();
  const responders = new Map<string, MessageResponder>();

  const callListeners = (topic: string, data: Uint8Array, from: number): void => {
    const subscriptions = topics.get(topic);
    if (subscriptions === undefined) return;
    for (const { listener } of [...subscriptions]) {
      callListener(
        // A copy for each, so that they cannot get into each other's way.
        () => listener(decodePayload(data), { from }),
        (error) => logger.error({ err: error, topic, from }, `a subscriber of '${topic}' threw`),
      );
    }
  };

  const callResponder = async (name: string, data: Uint8Array, from: number): Promise<Outcome> => {
    const responder = responders.get(name);
    if (responder === undefined) throw noResponder(name, 'the process that was asked');
    let answer: unknown;
    try {
      answer = await responder(decodePayload(data), { from });
    } catch (thrown) {
      return { ...toFailure(thrown), isResponders: true };
    }
    return { ok: true, value: encodePayload(`the answer to '${name}'`, answer) };
  };

  return {
    subscribe(topic, listener) {
      const subscription = { listener };
      const subscriptions = topics.get(topic) ?? new Set();
      topics.set(topic, subscriptions.add(subscription));
      if (subscriptions.size === 1) onInterest({ kind: 'topic', name: topic, isWanted: true });
      return () => {
        if (!subscriptions.delete(subscription) || subscriptions.size > 0) return;
        topics.delete(topic);
        onInterest({ kind: 'topic', name: topic, isWanted: false });
      };
    },
    respond(name, responder) {
      if (responders.has(name)) return undefined;
      responders.set(name, responder);
      onInterest({ kind: 'request', name, isWanted: true });
      let isActive = true;
      return () => {
        if (!isActive) return;
        isActive = false;
        responders.delete(name);
        onInterest({ kind: 'request', name, isWanted: false });
      };
    },
    deliver(topic, data, from) {
      if (topics.has(topic)) queueMicrotask(() => callListeners(topic, data, from));
    },
    answer: async (name, data, from) => await callResponder(name, data, from).catch(toFailure),
  };
}
