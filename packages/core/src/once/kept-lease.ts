// Any process: a lease that is renewed until it is let go, and that ends for its holder some time before the
// store can give it to anybody else.
import { stateLeaseLost } from '../errors.js';
import type { Lease, StateStore } from '../state/state-store.js';

/** Shares of the lease's life: two renewals may fail before it ends. */
const RENEW_SHARE = 1 / 3;
const RETRY_SHARE = 1 / 10;
/** What a signal's listeners, and timers that fire late, have before another holder can begin. */
const MARGIN_SHARE = 1 / 10;

export interface KeptLease {
  readonly fencingToken: number;
  /** Aborts when it has ended, for whatever reason. */
  readonly signal: AbortSignal;
  /** Reads the clock; when the time is over, the signal has aborted. */
  isHeld(): boolean;
  /** Ends it, and lets others have it at once. Idempotent; never rejects. */
  release(): Promise<void>;
  /** Renews it no more: it ends when its time is over, and only then others have it. */
  letExpire(): void;
}

export interface LeaseTerms {
  readonly ttlMs: number;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** Tries once; undefined when somebody else holds it, or when the answer came too late to be of use. */
export async function acquireKeptLease(
  state: StateStore,
  name: string,
  terms: LeaseTerms,
): Promise<KeptLease | undefined> {
  // The store's time for it cannot have begun before.
  const askedMs = terms.nowMs();
  const lease = await state.acquireLease(name, { ttlMs: terms.ttlMs });
  if (lease === undefined) return undefined;
  const kept = keepLease(lease, askedMs, terms);
  if (kept.isHeld()) return kept;
  await kept.release();
  return undefined;
}

function keepLease(lease: Lease, askedMs: number, { ttlMs, nowMs }: LeaseTerms): KeptLease {
  const ended = new AbortController();
  const lifeMs = ttlMs * (1 - MARGIN_SHARE);
  let heldUntilMs = askedMs + lifeMs;
  let watching: NodeJS.Timeout | undefined;
  let renewing: NodeJS.Timeout | undefined;
  let isToExpire = false;

  const end = (reason: unknown): void => {
    clearTimeout(watching);
    clearTimeout(renewing);
    ended.abort(reason);
  };
  const isHeld = (): boolean => {
    if (!ended.signal.aborted && nowMs() >= heldUntilMs) {
      end(stateLeaseLost(lease.name, `it was not renewed for ${Math.ceil(lifeMs)} ms`));
    }
    return !ended.signal.aborted;
  };
  const watch = (): void => {
    // A renewal only moves the end; the timer follows when it fires.
    if (isHeld()) watching = setTimeout(watch, Math.ceil(heldUntilMs - nowMs())).unref();
  };
  const renewIn = (delayMs: number): void => {
    renewing = setTimeout(() => void renew(), delayMs).unref();
  };
  const renew = async (): Promise<void> => {
    const startMs = nowMs();
    // A store that cannot be reached may be back before the end.
    const isRenewed = await lease.renew().catch(() => false);
    if (isRenewed) heldUntilMs = Math.max(heldUntilMs, startMs + lifeMs);
    if (isHeld() && !isToExpire) renewIn(ttlMs * (isRenewed ? RENEW_SHARE : RETRY_SHARE));
  };

  // The store has refused it, or was closed.
  lease.signal.addEventListener('abort', () => end(lease.signal.reason), { once: true });
  watch();
  renewIn(ttlMs * RENEW_SHARE);

  return {
    fencingToken: lease.fencingToken,
    signal: ended.signal,
    isHeld,
    async release() {
      end(stateLeaseLost(lease.name, 'it was released'));
      await lease.release();
    },
    letExpire() {
      isToExpire = true;
      clearTimeout(renewing);
    },
  };
}
