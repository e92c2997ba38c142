// Any process: the messaging members of the handle: checks what they are given, and encodes it.
import { invalidArgument } from '../errors.js';
import type { Ask, Outcome } from '../protocol/messages.js';
import { fromOutcome } from '../protocol/outcome.js';
import type { LocalMessages } from './local-messages.js';
import { checkName, checkTarget, checkTimeout } from './message-arguments.js';
import type { MessageListener, MessageResponder, Messaging, RequestTarget } from './messaging.js';
import { decodePayload, encodePayload } from './payload.js';

/** How messages leave this process. */
export interface MessageRoutes {
  publish(topic: string, data: Uint8Array): void;
  /** @throws {CorralError} when there is no answer */
  ask(ask: Ask): Promise<Outcome>;
}

const DEFAULT_TIMEOUT_MS = 5_000;

export function createMessaging(local: LocalMessages, routes: MessageRoutes): Messaging {
  return {
    publish(topic, data) {
      const call = 'cluster.publish(topic, data)';
      routes.publish(checkName(call, topic), encodePayload(call, data));
    },
    subscribe<T>(topic: string, listener: MessageListener<T>) {
      const call = 'cluster.subscribe(topic, listener)';
      if (typeof listener !== 'function') throw invalidArgument(call, listener, 'a function');
      // What a topic carries is the app's agreement with itself.
      return local.subscribe(checkName(call, topic), listener as MessageListener);
    },
    async request<T>(target: RequestTarget, name: string, data?: unknown, options = {}) {
      const call = 'cluster.request(target, name, data, { timeoutMs })';
      const outcome = await routes.ask({
        target: checkTarget(call, target),
        name: checkName(call, name),
        data: encodePayload(call, data),
        timeoutMs: checkTimeout(call, options, DEFAULT_TIMEOUT_MS),
      });
      return decodePayload(fromOutcome(outcome)) as T;
    },
    respond<T>(name: string, responder: MessageResponder<T>) {
      const call = 'cluster.respond(name, responder)';
      if (typeof responder !== 'function') throw invalidArgument(call, responder, 'a function');
      const stop = local.respond(checkName(call, name), responder as MessageResponder);
      if (stop === undefined) {
        throw invalidArgument(call, name, 'a name that nothing answers in this process yet');
      }
      return stop;
    },
  };
}
