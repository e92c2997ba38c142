// Primary: how many workers to start with. Pure.
import { autoWorkers } from '../central/cgroup-limits.js';
import type { CgroupLimits } from '../central/cgroup-limits.js';
import type { ResolvedOptions } from '../options.js';
import type { InheritedWorkers } from './inheritance.js';

export interface Machine {
  readonly availableParallelism: number;
  readonly cgroup: CgroupLimits;
}

/** What the options say; of a range, its lower end. */
export function askedWorkers(
  { workers, memoryPerWorkerBytes }: Pick<ResolvedOptions, 'workers' | 'memoryPerWorkerBytes'>,
  machine: Machine,
): number {
  if (typeof workers === 'number') return workers;
  if (typeof workers === 'object') return workers.min;
  return autoWorkers({ ...machine, memoryPerWorkerBytes });
}

/**
 * In an upgrade, as many as the predecessor has: it may have been scaled. Unless the new release asks for
 * another number than the old one did.
 */
export function firstWorkers(
  { workers }: Pick<ResolvedOptions, 'workers'>,
  asked: number,
  inherited: InheritedWorkers | undefined,
): number {
  if (inherited === undefined) return asked;
  if (typeof workers === 'object') {
    return Math.min(Math.max(inherited.desired, workers.min), workers.max);
  }
  return inherited.asked === asked ? inherited.desired : asked;
}
