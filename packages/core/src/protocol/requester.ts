// Both sides: requests over a channel that has only messages: matched with their replies, bounded in time.
import { channelClosed, remoteError, requestTimeout } from '../errors.js';
import type { PrimaryCall, Reply } from './messages.js';

export interface Requester {
  /**
   * Sends a call and resolves with the reply's value.
   *
   * @throws {CorralError} `REQUEST_TIMEOUT`, `CHANNEL_CLOSED`, or the other side's error.
   */
  request(call: PrimaryCall, timeoutMs: number): Promise<unknown>;
  /** Hands in a reply that has arrived. Unknown and late ones are ignored. */
  settle(reply: Reply): void;
  /** Rejects what is pending and every later request. Idempotent. */
  close(): void;
}

interface Pending {
  readonly call: PrimaryCall;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** @param send posts a call under its number; returns false when the channel is closed. */
export function createRequester(send: (seq: number, call: PrimaryCall) => boolean): Requester {
  const pending = new Map<number, Pending>();
  let nextSeq = 1;
  let closed = false;

  const take = (seq: number): Pending | undefined => {
    const entry = pending.get(seq);
    if (entry !== undefined) {
      pending.delete(seq);
      clearTimeout(entry.timer);
    }
    return entry;
  };

  return {
    async request(call, timeoutMs) {
      const seq = nextSeq++;
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          take(seq)?.reject(requestTimeout(call.name, timeoutMs));
        }, timeoutMs);
        pending.set(seq, { call, resolve, reject, timer });
        if (closed || !send(seq, call)) take(seq)?.reject(channelClosed(call.name));
      });
    },
    settle({ seq, outcome }) {
      const entry = take(seq);
      if (entry === undefined) return;
      if (outcome.ok) entry.resolve(outcome.value);
      else entry.reject(remoteError(outcome.error, outcome.details));
    },
    close() {
      closed = true;
      for (const seq of [...pending.keys()]) {
        const entry = take(seq);
        entry?.reject(channelClosed(entry.call.name));
      }
    },
  };
}
