// Any process: competes for the right to do a singleton's work, and does it while it has it.
import { deferred } from '../deferred.js';
import { singletonFailed, singletonStopped, singletonStuck } from '../once-errors.js';
import { timerMs } from '../values/timer-ms.js';
import type { ExclusiveWorkParts } from './create-exclusive-work.js';
import { checkWork, resolveSingletonOptions } from './exclusive-options.js';
import type { Singleton, SingletonOptions, StartSingleton } from './exclusive-work.js';
import { acquireKeptLease } from './kept-lease.js';
import type { KeptLease } from './kept-lease.js';
import { pause } from './pause.js';
import { createReleaseNews } from './release-news.js';
import { countFailures, pollDelayMs, retryDelayMs } from './retry-policy.js';
import { runSingleton } from './singleton-run.js';

/** What a shutdown gives it to release its lease, after the work has stopped. */
const RELEASE_TIME_MS = 1_000;

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function createSingleton(
  name: string,
  start: StartSingleton,
  options: SingletonOptions = {},
  { state, logger, onShutdown }: ExclusiveWorkParts,
): Singleton {
  checkWork('cluster.singleton(name, start)', name, start);
  const { ttlMs, stopTimeoutMs } = resolveSingletonOptions(options);
  const key = `singleton:${name}`;
  const store = state.namespace('once');
  const news = createReleaseNews(store, key);
  const nowMs = (): number => performance.now();
  const closing = new AbortController();
  /** Of the run that there is, or that there was last. */
  let stuck = deferred<void>();
  let held: KeptLease | undefined;
  let closed: Promise<void> | undefined;
  let isStateAway = false;

  const acquire = async (): Promise<KeptLease | undefined> => {
    try {
      const lease = await acquireKeptLease(store, key, { ttlMs, nowMs });
      isStateAway = false;
      return lease;
    } catch (error) {
      if (!isStateAway) logger.warn({ err: error }, `singleton '${name}': the state is away`);
      isStateAway = true;
      return undefined;
    }
  };

  /** Does the work for as long as it may; returns what it failed with. */
  const work = async (lease: KeptLease): Promise<unknown> => {
    logger.info({ fencingToken: lease.fencingToken }, `singleton '${name}' begins here`);
    stuck = deferred<void>();
    try {
      await runSingleton(lease, start, {
        closing: closing.signal,
        stopTimeoutMs,
        onStuck() {
          lease.letExpire();
          logger.error({ err: singletonStuck(name, stopTimeoutMs) }, 'a singleton does not stop');
          stuck.resolve();
        },
        onStopError: (error) =>
          logger.error({ err: error }, `stopping the singleton '${name}' failed`),
      });
      logger.info(`singleton '${name}' has ended here`);
      return undefined;
    } catch (error) {
      const failure = singletonFailed(name, error);
      logger.error({ err: failure }, failure.message);
      return failure;
    }
  };

  const compete = async (): Promise<void> => {
    let failures = 0;
    while (!closing.signal.aborted) {
      await news.listen();
      held = await acquire();
      if (held === undefined) {
        await news.wait(pollDelayMs(ttlMs, Math.random()), closing.signal);
        continue;
      }
      const startMs = nowMs();
      const failure = closing.signal.aborted ? undefined : await work(held);
      await held.release();
      held = undefined;
      await news.tell();
      if (failure === undefined) {
        failures = 0;
        continue;
      }
      failures = countFailures(failures, nowMs() - startMs);
      await pause(retryDelayMs(failures, Math.random()), closing.signal);
    }
    await news.close();
  };

  const close = async (): Promise<void> => {
    closed ??= (async () => {
      closing.abort(singletonStopped(name));
      await Promise.race([competing, stuck.promise]);
    })();
    await closed;
  };
  const competing = compete();
  // Called at once when the process drains already.
  const removeHook = onShutdown(close, {
    // At once, so that others have it while this process drains.
    phase: 'prepare',
    name: `singleton '${name}'`,
    timeoutMs: timerMs(stopTimeoutMs + RELEASE_TIME_MS),
  });

  return {
    name,
    get isActive() {
      return held?.isHeld() ?? false;
    },
    async close() {
      removeHook();
      await close();
    },
  };
}
