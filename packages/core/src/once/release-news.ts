// Any process: word that a lease has become free, so that who waits for it need not ask all the time.
import type { StateStore } from '../state/state-store.js';
import { pause } from './pause.js';

export interface ReleaseNews {
  /** Hears of it from now on; tries again at the next call when the state cannot be reached. */
  listen(): Promise<void>;
  /** Resolves when there is news, also from since the last time, when `maxMs` are over, or when `signal` aborts. */
  wait(maxMs: number, signal: AbortSignal): Promise<void>;
  /** Tells the others. News may get lost: nobody is to depend on it. */
  tell(): Promise<void>;
  close(): Promise<void>;
}

export function createReleaseNews(state: StateStore, channel: string): ReleaseNews {
  let unsubscribe: (() => Promise<void>) | undefined;
  let hasNews = false;
  let wake = (): void => undefined;
  const onNews = (): void => {
    hasNews = true;
    wake();
  };

  return {
    async listen() {
      // After a gap, there may have been some.
      unsubscribe ??= await state
        .subscribe(channel, onNews, { onGap: onNews })
        .catch(() => undefined);
    },
    async wait(maxMs, signal) {
      if (!hasNews) {
        await pause(maxMs, signal, (end) => {
          wake = end;
        });
      }
      hasNews = false;
    },
    async tell() {
      await state.publish(channel, null).catch(() => undefined);
    },
    async close() {
      await unsubscribe?.().catch(() => undefined);
    },
  };
}
