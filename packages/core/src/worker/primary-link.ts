// Worker: this process's end of the IPC channel to the primary.
import cluster from 'node:cluster';
import type { Logger } from '../logger.js';
import { unwrapForWorker, wrap } from '../protocol/envelope.js';
import type { PrimaryCall, ToPrimary, ToWorker } from '../protocol/messages.js';
import { isNativeHandle } from '../protocol/native-handle.js';
import type { NativeHandle } from '../protocol/native-handle.js';
import { createRequester } from '../protocol/requester.js';

export interface PrimaryLink {
  /** Posts a message; false when the primary has gone. */
  send(message: ToPrimary): boolean;
  /** Posts a message and resolves when the channel has taken it, so that the process may exit. */
  flush(message: ToPrimary): Promise<void>;
  /** @throws {CorralError} `REQUEST_TIMEOUT`, `CHANNEL_CLOSED`, or the primary's own error. */
  request(call: PrimaryCall, timeoutMs: number): Promise<unknown>;
}

export interface PrimaryLinkHandlers {
  readonly onMessage: (
    message: Exclude<ToWorker, { type: 'reply' }>,
    handle: NativeHandle | undefined,
  ) => void;
  /** The primary has died or let go of this worker. */
  readonly onClosed: () => void;
}

export function openPrimaryLink(logger: Logger, handlers: PrimaryLinkHandlers): PrimaryLink {
  const post = (message: ToPrimary, done?: () => void): boolean => {
    if (!process.connected || process.send === undefined) {
      done?.();
      return false;
    }
    // With a callback, a channel that closes meanwhile is no 'error' event of the process.
    process.send(wrap(message), undefined, undefined, () => done?.());
    return true;
  };
  const requester = createRequester((seq, call) => post({ type: 'request', seq, call }));

  process.on('message', (raw: unknown, handle: unknown) => {
    const unwrapped = unwrapForWorker(raw);
    if (unwrapped.kind === 'malformed') {
      logger.warn({ why: unwrapped.why }, 'dropped a malformed message of the primary');
    } else if (unwrapped.kind === 'message') {
      if (unwrapped.message.type === 'reply') requester.settle(unwrapped.message);
      else handlers.onMessage(unwrapped.message, isNativeHandle(handle) ? handle : undefined);
    }
  });
  cluster.worker?.once('disconnect', () => {
    // Otherwise node:cluster exits at once, and what is in flight would be lost.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
    requester.close();
    handlers.onClosed();
  });

  return {
    send: (message) => post(message),
    flush: async (message) => await new Promise((resolve) => post(message, resolve)),
    request: requester.request,
  };
}
