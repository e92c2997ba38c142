// Any process: one run of a singleton's work, from the lease to the end. Read top-down.
import { deferred } from '../deferred.js';
import type { StartSingleton } from './exclusive-work.js';
import type { KeptLease } from './kept-lease.js';

export interface SingletonRunParts {
  /** Aborts when the work is to leave this process. */
  readonly closing: AbortSignal;
  readonly stopTimeoutMs: number;
  /** Told when the work takes longer than that to stop. */
  readonly onStuck: () => void;
  /** Told of what goes wrong while it stops. */
  readonly onStopError: (error: unknown) => void;
}

/**
 * Resolves when the work has ended because the lease was lost or this process is to leave.
 *
 * @throws what the work failed with before that
 */
export async function runSingleton(
  lease: KeptLease,
  start: StartSingleton,
  { closing, stopTimeoutMs, onStuck, onStopError }: SingletonRunParts,
): Promise<void> {
  const stopping = new AbortController();
  const stopped = deferred<void>();
  stopping.signal.addEventListener('abort', () => stopped.resolve(), { once: true });
  const unfollow = [lease.signal, closing].map((signal) => follow(signal, stopping));

  const started = (async () =>
    await start({
      signal: stopping.signal,
      fencingToken: lease.fencingToken,
      isHeld: () => lease.isHeld() && !stopping.signal.aborted,
    }))();
  try {
    await Promise.race([stopped.promise, started.then(async () => await stopped.promise)]);
  } catch (error) {
    stopping.abort(error);
    for (const end of unfollow) end();
    throw error;
  }

  const overdue = setTimeout(onStuck, stopTimeoutMs).unref();
  try {
    // It may still have been starting.
    const stop = await started;
    await stop?.();
  } catch (error) {
    if (!isCausedBy(stopping.signal, error)) onStopError(error);
  } finally {
    clearTimeout(overdue);
    for (const end of unfollow) end();
  }
}

function follow(signal: AbortSignal, controller: AbortController): () => void {
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}

/** Work that heeds its signal may well reject with what that says. */
function isCausedBy(signal: AbortSignal, error: unknown): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}
