// Any process: the configuration in force in this process, and those who subscribe to it.
import { deferred } from '../deferred.js';
import type { Deferred } from '../deferred.js';
import type { Logger } from '../logger.js';
import { isThenable } from '../values/thenable.js';
import type { ConfigListener } from './config-channel.js';
import { changedPaths } from './json-value.js';
import type { Json } from './json-value.js';

export interface ConfigSnapshot {
  readonly version: number;
  /** Frozen. */
  readonly value: Json;
}

type Listener = ConfigListener<unknown>;

export interface ConfigHolder {
  readonly current: ConfigSnapshot;
  subscribe(listener: Listener): () => void;
  /**
   * Puts a snapshot in force and tells the subscribers, one after another. Snapshots are applied one at a
   * time, in the order of the calls; one that is no newer than the one in force changes nothing.
   *
   * @throws what a subscriber throws, or an error when they take longer than `timeoutMs`; the previous
   *   snapshot is in force again then, and those that were told are told so before the next one is applied
   */
  apply(next: ConfigSnapshot, timeoutMs: number): Promise<void>;
}

export function createConfigHolder(initial: ConfigSnapshot, logger: Logger): ConfigHolder {
  const subscriptions = new Set<{ readonly listener: Listener }>();
  let current = initial;
  let applied: Promise<void> = Promise.resolve();

  const tell = async (
    { listener }: { readonly listener: Listener },
    next: ConfigSnapshot,
    previous: ConfigSnapshot,
    paths: readonly string[],
    deadlineMs: number,
  ): Promise<void> => {
    const context = { version: next.version, changedPaths: paths };
    const told = listener(next.value, previous.value, context);
    // Most are done by now, and need no timer.
    if (isThenable(told)) await withDeadline(told, deadlineMs - performance.now());
  };

  /** Resolves when nobody is being told anything any more; whoever waits for the answer has it by then. */
  const applyNow = async (
    next: ConfigSnapshot,
    timeoutMs: number,
    answer: Pick<Deferred<void>, 'reject'>,
  ): Promise<void> => {
    const previous = current;
    if (next.version <= previous.version) return;
    current = next;
    const paths = changedPaths(previous.value, next.value);
    if (paths.length === 0 || subscriptions.size === 0) return;

    const told: Array<{ readonly listener: Listener }> = [];
    const deadlineMs = performance.now() + timeoutMs;
    try {
      for (const subscription of [...subscriptions]) {
        told.push(subscription);
        await tell(subscription, next, previous, paths, deadlineMs);
      }
    } catch (error) {
      current = previous;
      // At once: a subscriber that hangs may hang on the way back, too, and nobody waits that long for a refusal.
      answer.reject(error);
      await undo(told, next, previous, paths);
    }
  };

  /** The other way round, for those that have been told, the one that refused included. */
  const undo = async (
    told: ReadonlyArray<{ readonly listener: Listener }>,
    refused: ConfigSnapshot,
    previous: ConfigSnapshot,
    paths: readonly string[],
  ): Promise<void> => {
    const deadlineMs = performance.now() + UNDO_TIMEOUT_MS;
    for (const subscription of told.toReversed()) {
      try {
        await tell(subscription, previous, refused, paths, deadlineMs);
      } catch (error) {
        logger.error(
          { err: error, version: refused.version },
          'a subscriber of the configuration could not go back to the previous version',
        );
      }
    }
  };

  return {
    get current() {
      return current;
    },
    subscribe(listener) {
      const subscription = { listener };
      subscriptions.add(subscription);
      return () => void subscriptions.delete(subscription);
    },
    async apply(next, timeoutMs) {
      const answer = deferred<void>();
      applied = applied.then(async () => {
        await applyNow(next, timeoutMs, answer);
        answer.resolve();
      });
      await answer.promise;
    },
  };
}

const UNDO_TIMEOUT_MS = 1_000;

async function withDeadline(told: PromiseLike<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error('a subscriber did not finish in time'));
    }, timeoutMs);
  });
  try {
    await Promise.race([told, passed]);
  } finally {
    clearTimeout(timer);
  }
}
