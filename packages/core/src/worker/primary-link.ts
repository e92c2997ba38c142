// Worker: this process's end of the IPC channel to the primary.
import cluster from 'node:cluster';
import type { Logger } from '../logger.js';
import { unwrapForWorker, wrap } from '../protocol/envelope.js';
import type { Outcome, PrimaryCall, ToPrimary, ToWorker } from '../protocol/messages.js';
import { isNativeHandle } from '../protocol/native-handle.js';
import type { NativeHandle } from '../protocol/native-handle.js';
import { fromOutcome } from '../protocol/outcome.js';
import { createOutbox } from '../protocol/outbox.js';
import { createRequester } from '../protocol/requester.js';

export interface PrimaryLink {
  /** Posts a message; false when the primary has gone. */
  send(message: ToPrimary): boolean;
  /** Posts a message that can be lost while the primary does not read; false when it has gone. */
  offer(message: ToPrimary): boolean;
  /** Posts a message and resolves when the channel has taken it, so that the process may exit. */
  flush(message: ToPrimary): Promise<void>;
  /** @throws {CorralError} `REQUEST_TIMEOUT`, `CHANNEL_CLOSED`, or the primary's own error. */
  request(call: PrimaryCall, timeoutMs: number): Promise<unknown>;
  /** Messages that bear our name without being ours, so far. */
  readonly malformedMessages: number;
}

export interface PrimaryLinkHandlers {
  readonly onMessage: (
    message: Exclude<ToWorker, { type: 'reply' }>,
    handle: NativeHandle | undefined,
  ) => void;
  /**
   * A message came without its handle: this process has as many descriptors open as it may. It is not passed
   * to {@link onMessage}.
   */
  readonly onHandleLost: (message: ToWorker) => void;
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
  const requester = createRequester<PrimaryCall, Outcome>((seq, call) =>
    post({ type: 'request', seq, call }),
  );
  // Not called back at once where the channel is closed: the outbox would go one call deeper for each that waits.
  const outbox = createOutbox<ToPrimary>(
    (message, done) => process.connected && post(message, done),
    {
      onNotReading: () =>
        logger.warn(
          'the primary does not read its channel; messages to it are dropped, oldest first',
        ),
      onReadingAgain: (dropped) =>
        logger.warn(
          { dropped },
          `the primary reads again; ${dropped} message(s) to it were dropped`,
        ),
    },
  );
  let malformedMessages = 0;

  process.on('message', (raw: unknown, handle: unknown) => {
    const unwrapped = unwrapForWorker(raw);
    if (unwrapped.kind === 'malformed') {
      malformedMessages += 1;
      logger.warn({ why: unwrapped.why }, 'dropped a malformed message of the primary');
    } else if (unwrapped.kind === 'message') {
      const { message } = unwrapped;
      if (message.type === 'reply') requester.resolve(message.seq, message.outcome);
      else handlers.onMessage(message, isNativeHandle(handle) ? handle : undefined);
    }
  });
  // Node tells the sender, who does nothing about handles of this kind, and nobody else.
  process.on('internalMessage', (raw: unknown, handle: unknown) => {
    if (!isHandleMessage(raw) || isNativeHandle(handle)) return;
    const unwrapped = unwrapForWorker(raw.msg);
    if (unwrapped.kind === 'message') handlers.onHandleLost(unwrapped.message);
  });
  cluster.worker?.once('disconnect', () => {
    // Otherwise node:cluster exits at once, and what is in flight would be lost.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
    requester.close();
    handlers.onClosed();
  });

  return {
    send: (message) => post(message),
    offer: outbox.offer,
    flush: async (message) => await new Promise((resolve) => post(message, resolve)),
    request: async (call, timeoutMs) => fromOutcome(await requester.request(call, timeoutMs)),
    get malformedMessages() {
      return malformedMessages;
    },
  };
}

/** What Node sends in the place of a message with a handle. */
function isHandleMessage(
  raw: unknown,
): raw is { readonly cmd: 'NODE_HANDLE'; readonly msg: unknown } {
  return typeof raw === 'object' && raw !== null && Reflect.get(raw, 'cmd') === 'NODE_HANDLE';
}
