// Any process: what is counted of a module's calls.
import { createHistogram, mergeHistograms } from './histogram.js';
import type {
  DurationHistogram,
  OffloadModuleStatus,
  OffloadStatus,
  ThreadTermination,
} from './offload.js';

/** How a call has ended. */
export type CallEnd = 'completed' | 'failed' | 'saturated' | 'timedOut' | 'aborted' | 'crashed';

type Counts = Pick<OffloadModuleStatus, CallEnd | 'terminations'>;

export interface OffloadStatistics {
  readonly meanRunMs: number;
  waited(durationMs: number): void;
  ran(durationMs: number): void;
  ended(how: CallEnd): void;
  terminated(why: ThreadTermination): void;
  snapshot(): Counts & { readonly wait: DurationHistogram; readonly run: DurationHistogram };
}

export function createOffloadStatistics(): OffloadStatistics {
  const wait = createHistogram();
  const run = createHistogram();
  const ends = { completed: 0, failed: 0, saturated: 0, timedOut: 0, aborted: 0, crashed: 0 };
  const terminations = { timeout: 0, aborted: 0, crashed: 0 };
  return {
    get meanRunMs() {
      return run.meanMs;
    },
    waited: wait.record,
    ran: run.record,
    ended(how) {
      ends[how] += 1;
    },
    terminated(why) {
      terminations[why] += 1;
    },
    snapshot: () => ({
      ...ends,
      terminations: { ...terminations },
      wait: wait.snapshot(),
      run: run.snapshot(),
    }),
  };
}

/** The figures of several processes in one: modules of the same name are added up. */
export function mergeOffloadStatus(statuses: readonly OffloadStatus[]): OffloadStatus {
  const grantedThreads = sum(statuses, (each) => each.grantedThreads);
  const busyThreads = sum(statuses, (each) => each.utilizationRatio * each.grantedThreads);
  return {
    grantedThreads,
    utilizationRatio: grantedThreads === 0 ? 0 : busyThreads / grantedThreads,
    modules: mergeByName(statuses.flatMap(({ modules }) => modules)),
  };
}

/** One for each name, in the order in which they come first. */
export function mergeByName(modules: readonly OffloadModuleStatus[]): OffloadModuleStatus[] {
  const byName = new Map<string, OffloadModuleStatus[]>();
  for (const module of modules) {
    const sameName = byName.get(module.name);
    if (sameName === undefined) byName.set(module.name, [module]);
    else sameName.push(module);
  }
  return [...byName].map(([name, sameName]) => mergeModules(name, sameName));
}

/** @param name what they are called together */
export function mergeModules(
  name: string,
  modules: readonly OffloadModuleStatus[],
): OffloadModuleStatus {
  const total = (figure: (module: OffloadModuleStatus) => number): number => sum(modules, figure);
  return {
    name,
    threads: total((each) => each.threads),
    running: total((each) => each.running),
    queued: total((each) => each.queued),
    maxQueue: total((each) => each.maxQueue),
    completed: total((each) => each.completed),
    failed: total((each) => each.failed),
    saturated: total((each) => each.saturated),
    timedOut: total((each) => each.timedOut),
    aborted: total((each) => each.aborted),
    crashed: total((each) => each.crashed),
    terminations: {
      timeout: total((each) => each.terminations.timeout),
      aborted: total((each) => each.terminations.aborted),
      crashed: total((each) => each.terminations.crashed),
    },
    wait: mergeHistograms(modules.map((each) => each.wait)),
    run: mergeHistograms(modules.map((each) => each.run)),
  };
}

function sum<T>(items: readonly T[], figure: (item: T) => number): number {
  return items.reduce((total, item) => total + figure(item), 0);
}
