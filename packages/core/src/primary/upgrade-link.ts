// Primary: the channel between the two primaries of an upgrade, on which others may talk, too.
import type { ChildProcess } from 'node:child_process';
import { deferred } from '../deferred.js';
import type { Logger } from '../logger.js';
import { unwrapForUpgrade, wrapForUpgrade } from './upgrade-messages.js';
import type { UpgradeMessage, UpgradeMessageOf, UpgradeMessageType } from './upgrade-messages.js';

export interface UpgradeLink {
  /** @returns false when the channel is closed; `onSent` is called when the message has left this process */
  send(message: UpgradeMessage, onSent?: () => void): boolean;
  on<T extends UpgradeMessageType>(type: T, listener: (message: UpgradeMessageOf<T>) => void): void;
  /** The next one of that type; never, when the other primary goes before. */
  next<T extends UpgradeMessageType>(type: T): Promise<UpgradeMessageOf<T>>;
  /** Hears nothing more, also of what is on its way already. */
  end(): void;
  /** Resolves when the other primary has gone. */
  readonly closed: Promise<void>;
}

/** A channel of Node's, seen from either end. */
export type LinkChannel = Pick<ChildProcess, 'connected'> & {
  send?(message: object, handle: undefined, options: undefined, onSent: () => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
};

export function createUpgradeLink(channel: LinkChannel, logger: Logger): UpgradeLink {
  const listeners = new Map<UpgradeMessageType, (message: never) => void>();
  const closed = deferred<void>();
  if (channel.connected) channel.once('disconnect', () => closed.resolve());
  else closed.resolve();

  channel.on('message', (raw) => {
    const message = unwrapForUpgrade(raw);
    if (message === undefined) return;
    if (typeof message === 'string') {
      logger.warn({ why: message }, 'dropped a malformed message of the other primary');
      return;
    }
    listeners.get(message.type)?.(message as never);
  });

  const on: UpgradeLink['on'] = (type, listener) => void listeners.set(type, listener);
  return {
    send(message, onSent) {
      if (!channel.connected) return false;
      // With a callback, a primary that goes at this moment is no 'error' event.
      channel.send?.(wrapForUpgrade(message), undefined, undefined, () => onSent?.());
      return true;
    },
    on,
    async next(type) {
      return await new Promise((resolve) => {
        on(type, resolve);
      });
    },
    end: () => listeners.clear(),
    closed: closed.promise,
  };
}
