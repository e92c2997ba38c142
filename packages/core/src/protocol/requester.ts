// Both sides: requests over a channel that has only messages: matched with their replies, bounded in time.
import { channelClosed, requestTimeout } from '../errors.js';

export interface Requester<C, V> {
  /**
   * Sends a call and resolves with what has come back.
   *
   * @throws {CorralError} `REQUEST_TIMEOUT`, `CHANNEL_CLOSED`, or what {@link reject} is given
   */
  request(call: C, timeoutMs: number): Promise<V>;
  /** Hands in what has come back. Unknown and late answers are ignored. */
  resolve(seq: number, value: V): void;
  /** Rejects a request that cannot be answered any more. */
  reject(seq: number, error: Error): void;
  /** Rejects what is pending and every later request, by default with `CHANNEL_CLOSED`. Idempotent. */
  close(toError?: (name: string) => Error): void;
  /** How many wait for their reply. */
  readonly pending: number;
}

interface Pending<V> {
  readonly name: string;
  readonly resolve: (value: V) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** @param send posts a call under its number; returns false when the channel is closed. */
export function createRequester<C extends { readonly name: string }, V>(
  send: (seq: number, call: C) => boolean,
): Requester<C, V> {
  const pending = new Map<number, Pending<V>>();
  let nextSeq = 1;
  let closed: ((name: string) => Error) | undefined;

  const take = (seq: number): Pending<V> | undefined => {
    const entry = pending.get(seq);
    if (entry !== undefined) {
      pending.delete(seq);
      clearTimeout(entry.timer);
    }
    return entry;
  };

  return {
    async request(call, timeoutMs) {
      if (closed !== undefined) throw closed(call.name);
      const seq = nextSeq++;
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          take(seq)?.reject(requestTimeout(call.name, timeoutMs));
        }, timeoutMs);
        pending.set(seq, { name: call.name, resolve, reject, timer });
        if (!send(seq, call)) take(seq)?.reject(channelClosed(call.name));
      });
    },
    resolve: (seq, value) => take(seq)?.resolve(value),
    reject: (seq, error) => take(seq)?.reject(error),
    close(toError = channelClosed) {
      closed ??= toError;
      for (const seq of [...pending.keys()]) {
        const entry = take(seq);
        entry?.reject(closed(entry.name));
      }
    },
    get pending() {
      return pending.size;
    },
  };
}
