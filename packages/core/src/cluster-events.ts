// Any process: the typed event members of the handle.
import { EventEmitter } from 'node:events';
import type { Cluster, ClusterEventName, ClusterEvents, ClusterListener } from './cluster.js';
import type { Logger } from './logger.js';
import { callListener } from './values/call-listener.js';

export interface ClusterEmitter {
  emit<E extends ClusterEventName>(event: E, payload: ClusterEvents[E]): void;
  /** The members for a handle; `self` is that handle, for chaining. */
  members(self: () => Cluster): Pick<Cluster, 'on' | 'once' | 'off'>;
}

/** @param onFirstListener called when somebody listens for the first time. */
export function createClusterEmitter(logger: Logger, onFirstListener?: () => void): ClusterEmitter {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  emitter.once('newListener', () => onFirstListener?.());
  return {
    emit(event, payload) {
      // One by one: a listener that throws must neither stop the others nor the supervisor.
      for (const listener of emitter.rawListeners(event)) {
        callListener(
          () => Reflect.apply(listener, emitter, [payload]) as unknown,
          (error) => logger.error({ err: error, event }, `a listener of '${event}' threw`),
        );
      }
    },
    members: (self) => ({
      on<E extends ClusterEventName>(event: E, listener: ClusterListener<E>) {
        emitter.on(event, listener);
        return self();
      },
      once<E extends ClusterEventName>(event: E, listener: ClusterListener<E>) {
        emitter.once(event, listener);
        return self();
      },
      off<E extends ClusterEventName>(event: E, listener: ClusterListener<E>) {
        emitter.off(event, listener);
        return self();
      },
    }),
  };
}
