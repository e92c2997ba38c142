// Any process that runs the app: lets one process of all do each run of a schedule that all of them follow.
import { nodeCrypto } from '../builtins.js';
import type { Cluster } from '../cluster.js';
import { getCluster } from '../current-cluster.js';
import { refuseUnknownOptions } from '../state/known-options.js';
import type { StateStore } from '../state/state-store.js';
import { delayShutdown } from './delay-shutdown.js';

export interface OnceRunsOptions {
  /** Where it is kept what has been done. Default: the state of the cluster. */
  readonly state?: StateStore;
  /** Whose shutdown waits for runs. Default: this process's cluster. */
  readonly cluster?: Pick<Cluster, 'state' | 'onShutdown'>;
}

/** A run that is this process's to do. */
export interface OnceRun {
  /** Says that it has ended: a shutdown need not wait for it any more. Idempotent. */
  end(): void;
}

export interface OnceRuns {
  /**
   * Asks for a run; of all processes that ask with the same key, one gets it. It has it for good: when it
   * is killed before it has ended, nobody does it again. A process that shuts down gets none.
   *
   * @param key names the run, not just the job: with the time for which it was scheduled
   * @param keepMs how long others are refused, in ms: longer than the clocks of machines may differ
   * @throws {CorralError} the codes of `cluster.state`: whether somebody has it is not known then, and this
   *   process is not to do it
   */
  begin(key: string, keepMs: number): Promise<OnceRun | undefined>;
}

/** @throws {CorralError} `INVALID_ARGUMENT` for a wrong option */
export function createOnceRuns(options: OnceRunsOptions = {}): OnceRuns {
  refuseUnknownOptions(options, ['state', 'cluster'], 'createOnceRuns()');
  const leaving = new WeakSet<object>();
  const known = new WeakSet<object>();

  const notice = (cluster: Pick<Cluster, 'onShutdown'>): void => {
    if (known.has(cluster)) return;
    known.add(cluster);
    cluster.onShutdown(() => void leaving.add(cluster), { phase: 'prepare', name: 'once runs' });
  };

  return {
    async begin(key, keepMs) {
      const cluster = options.cluster ?? getCluster();
      notice(cluster);
      if (leaving.has(cluster)) return undefined;
      const state = (options.state ?? cluster.state).namespace('once');
      // Also while it is not known yet whose it is: a shutdown must not end this process between claim and run.
      const end = delayShutdown(cluster.onShutdown, `run '${key}'`);
      try {
        if (await claim(state, `run:${key}`, keepMs)) return { end };
      } catch (error) {
        end();
        throw error;
      }
      end();
      return undefined;
    },
  };
}

/** Whether this call is the first; of one whose answer was lost, the second attempt knows. */
async function claim(state: StateStore, key: string, ttlMs: number): Promise<boolean> {
  const claimant = nodeCrypto().randomUUID();
  const attempt = async (): Promise<boolean> => {
    const result = await state.compareAndSet(key, 0, claimant, { ttlMs });
    return result.ok || result.current?.value === claimant;
  };
  return await attempt().catch(async (error: unknown) => {
    if (!isUnavailable(error)) throw error;
    return await attempt();
  });
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === 'STATE_UNAVAILABLE';
}
