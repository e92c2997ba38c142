// Any process: gives leases up in the store. Where the store does not answer, it is asked again later: until
// then, a lease that nobody holds would keep everybody out.
import type { StateBackend } from './state-backend.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** One acquisition, as the store knows it. */
export interface ReleasedLease {
  readonly key: string;
  readonly owner: string;
  readonly ttlMs: number;
}

export interface LeaseReleases {
  /**
   * Resolves after the first attempt, and never rejects. Goes on in the background until the store has
   * answered, or the lease has certainly expired there; keeps no process alive.
   */
  release(lease: ReleasedLease): Promise<void>;
  /** No further attempts. */
  end(): void;
}

export function createLeaseReleases(
  backend: Pick<StateBackend, 'execute'>,
  nowMs: () => number,
): LeaseReleases {
  const pauses = new Set<NodeJS.Timeout>();
  let isEnded = false;

  const attempt = async (lease: ReleasedLease, untilMs: number, pauseMs: number): Promise<void> => {
    try {
      await backend.execute({ name: 'releaseLease', lease: lease.key, owner: lease.owner });
    } catch {
      if (isEnded || nowMs() + pauseMs >= untilMs) return;
      const pause = setTimeout(() => {
        pauses.delete(pause);
        void attempt(lease, untilMs, Math.min(2 * pauseMs, LONGEST_PAUSE_MS));
      }, pauseMs);
      pauses.add(pause.unref());
    }
  };

  return {
    // Whatever made it hold in the store has been sent by now.
    release: async (lease) => await attempt(lease, nowMs() + lease.ttlMs, FIRST_PAUSE_MS),
    end() {
      isEnded = true;
      for (const pause of pauses) clearTimeout(pause);
      pauses.clear();
    },
  };
}
