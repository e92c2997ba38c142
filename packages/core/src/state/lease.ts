// Any process: a lease as its holder sees it. The holder's own clock decides when it is lost, so that it
// also knows without the store.
import { stateLeaseLost } from '../errors.js';
import type { StateBackend } from './state-backend.js';
import type { Lease } from './state-store.js';

export interface HeldLease {
  /** As the user named it, without namespaces. */
  readonly name: string;
  /** As the store knows it. */
  readonly key: string;
  /** Tells this acquisition from all others. */
  readonly owner: string;
  readonly fencingToken: number;
  readonly ttlMs: number;
  /** When the call began that acquired it: the store's time cannot have begun before. */
  readonly acquiredMs: number;
}

export interface LeaseSurroundings {
  readonly backend: Pick<StateBackend, 'execute'>;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Gives it up in the store; never rejects. */
  readonly releaseInStore: () => Promise<void>;
  /** Told once, when it is lost or released. */
  readonly onEnded: (lease: Lease) => void;
}

export function holdLease(held: HeldLease, surroundings: LeaseSurroundings): Lease {
  const { name, key, owner, fencingToken, ttlMs } = held;
  const { backend, nowMs, releaseInStore } = surroundings;
  const ended = new AbortController();
  let deadlineMs = held.acquiredMs + ttlMs;
  let timer: NodeJS.Timeout | undefined;

  const abandon = (reason: Error): void => {
    if (ended.signal.aborted) return;
    clearTimeout(timer);
    ended.abort(reason);
    surroundings.onEnded(lease);
  };
  const loseIfExpired = (): void => {
    if (nowMs() >= deadlineMs) abandon(stateLeaseLost(name, `it was not renewed for ${ttlMs} ms`));
  };
  const watch = (): void => {
    loseIfExpired();
    // A renewal only moves the deadline; the timer follows when it fires.
    if (!ended.signal.aborted) timer = setTimeout(watch, Math.ceil(deadlineMs - nowMs())).unref();
  };

  const lease: Lease = {
    name,
    fencingToken,
    signal: ended.signal,
    async renew() {
      // The timer may not have had its turn, as after a stop of this process.
      loseIfExpired();
      if (ended.signal.aborted) return false;
      const startMs = nowMs();
      const isHeld = await backend.execute({ name: 'renewLease', lease: key, owner, ttlMs });
      if (!isHeld) {
        abandon(stateLeaseLost(name, 'the store has given it up'));
        return false;
      }
      if (ended.signal.aborted) {
        // Lost or released while the answer was on its way: then others are to have it.
        await releaseInStore();
        return false;
      }
      deadlineMs = Math.max(deadlineMs, startMs + ttlMs);
      loseIfExpired();
      return !ended.signal.aborted;
    },
    async release() {
      if (ended.signal.aborted) return;
      abandon(stateLeaseLost(name, 'it was released'));
      await releaseInStore();
    },
  };
  watch();
  return lease;
}
