// Worker: the embedded store, which is in the primary.
import type { Logger } from '../logger.js';
import type { ToWorker } from '../protocol/messages.js';
import { createStateStore } from '../state/create-state-store.js';
import { createRemoteBackend } from '../state/remote-backend.js';
import { logListenerError } from '../state/listener-errors.js';
import { isStateStore } from '../state/state-settings.js';
import type { ResolvedStateSettings } from '../state/state-settings.js';
import type { StateStore } from '../state/state-store.js';
import type { PrimaryLink } from './primary-link.js';

export interface StateClient {
  readonly store: StateStore;
  onMessage(message: Extract<ToWorker, { type: 'stateAnswer' | 'statePublished' }>): void;
  /** The primary has gone: rejects what waits for an answer. */
  disconnected(): void;
}

/** @param given a store of the user's own, or settings of the embedded one */
export function createStateClient(
  given: StateStore | ResolvedStateSettings,
  link: Pick<PrimaryLink, 'send'>,
  logger: Logger,
): StateClient {
  if (isStateStore(given)) {
    return { store: given, onMessage: () => undefined, disconnected: () => undefined };
  }
  const { timeoutMs, maxValueBytes } = given;
  const backend = createRemoteBackend({
    send: (batch) => link.send({ type: 'state', ...batch }),
    timeoutMs,
  });
  return {
    store: createStateStore(backend, { maxValueBytes, onListenerError: logListenerError(logger) }),
    onMessage(message) {
      switch (message.type) {
        case 'stateAnswer':
          backend.onAnswer(message);
          return;
        case 'statePublished':
          backend.onPublished(message.channel, message.data);
          return;
        default:
          message satisfies never;
      }
    },
    disconnected: backend.disconnected,
  };
}
