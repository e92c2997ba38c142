// Any process: runs a function while no other process runs one of that name.
import { setTimeout as delay } from 'node:timers/promises';
import { shuttingDown } from '../errors.js';
import { exclusiveBusy } from '../once-errors.js';
import type { ExclusiveWorkParts } from './create-exclusive-work.js';
import { delayShutdown } from './delay-shutdown.js';
import { checkWork, resolveExclusiveOptions } from './exclusive-options.js';
import type { ExclusiveContext, ExclusiveOptions } from './exclusive-work.js';
import { acquireKeptLease } from './kept-lease.js';
import type { KeptLease } from './kept-lease.js';
import { attemptDelayMs } from './retry-policy.js';

/**
 * @throws {CorralError} `INVALID_ARGUMENT`, `EXCLUSIVE_BUSY`, `SHUTTING_DOWN` in place of a wait while the process
 *   drains, `STATE_LEASE_LOST`, codes of the state; what `work` throws
 */
export async function runExclusive<T>(
  name: string,
  work: (context: ExclusiveContext) => T | Promise<T>,
  options: ExclusiveOptions = {},
  { state, onShutdown }: ExclusiveWorkParts,
): Promise<T> {
  checkWork('cluster.runExclusive(name, work)', name, work);
  const { waitMs, ttlMs } = resolveExclusiveOptions(options);
  const store = state.namespace('once');
  const nowMs = (): number => performance.now();

  const drain = new AbortController();
  // Before the lease is asked for: a drain that begins on the way of the answer is to wait for the work, too.
  const endDelay = delayShutdown(onShutdown, `exclusive '${name}'`, () => drain.abort());

  const waitForLease = async (): Promise<KeptLease> => {
    const endMs = nowMs() + waitMs;
    for (let attempt = 0; ; attempt += 1) {
      const lease = await acquireKeptLease(store, `exclusive:${name}`, { ttlMs, nowMs });
      if (lease !== undefined) return lease;
      const leftMs = endMs - nowMs();
      if (leftMs <= 0) throw exclusiveBusy(name, waitMs);
      const { signal } = drain;
      const pauseMs = Math.min(leftMs, attemptDelayMs(attempt, Math.random()));
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      // What is free may still be done, on behalf of a request; what is not would hold the drain up.
      if (signal.aborted) throw shuttingDown('cluster.runExclusive()');
    }
  };

  let lease: KeptLease | undefined;
  try {
    lease = await waitForLease();
    const { signal, fencingToken, isHeld } = lease;
    const result = await work({ signal, fencingToken, isHeld });
    // It may not have been alone: whoever called is not to build on that.
    if (!isHeld()) throw signal.reason;
    return result;
  } finally {
    await lease?.release();
    endDelay();
  }
}
