// Primary: which SIGKILL was the kernel's, for want of memory. It counts such kills in the cgroup, and names nobody.
import type { System } from '../system.js';

export interface OomKills {
  /** To be called now and then: what was counted a while ago explains no exit any more. */
  look(): void;
  /** Whether a kill of the kernel's explains an exit; each explains one. */
  take(): boolean;
}

/** How long after a kill was counted the exit may be heard of, in ms. */
const MAX_EXIT_DELAY_MS = 2_000;

export function createOomKills({ oomKills, nowMs }: Pick<System, 'oomKills' | 'nowMs'>): OomKills {
  const count = (): number => oomKills() ?? 0;
  let seen = count();
  let seenMs = nowMs();
  /** Those that have explained an exit, or were of processes that are not ours. */
  let spent = seen;
  return {
    look() {
      if (nowMs() - seenMs < MAX_EXIT_DELAY_MS) return;
      spent = Math.max(spent, seen);
      seen = count();
      seenMs = nowMs();
    },
    take() {
      if (count() <= spent) return false;
      spent += 1;
      return true;
    },
  };
}
