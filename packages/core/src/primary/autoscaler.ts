// Primary: asks the scaling policy at every interval and carries out what it says.
import type { ClusterStatus } from '../cluster.js';
import type { Logger } from '../logger.js';
import type { System } from '../system.js';
import { decideScale, UNSCALED } from './scaling-policy.js';
import type { ScalingOptions } from './scaling-policy.js';

const INTERVAL_MS = 1_000;

export interface AutoscalerParts {
  readonly options: ScalingOptions;
  readonly cpuLimitCores: number;
  readonly system: Pick<System, 'nowMs' | 'setTimer'>;
  readonly status: () => Pick<ClusterStatus, 'desired' | 'workers'>;
  readonly scale: (workers: number) => Promise<void>;
  readonly logger: Logger;
}

/** @returns a function that stops it */
export function startAutoscaler(parts: AutoscalerParts): () => void {
  const { options, system, status, scale, logger } = parts;
  let state = UNSCALED;
  let cancel = (): void => undefined;
  let isStopped = false;

  const check = async (): Promise<void> => {
    const { desired, workers } = status();
    const ready = workers.filter((worker) => worker.state === 'ready');
    const sum = (figure: (worker: (typeof ready)[number]) => number): number =>
      ready.reduce((total, worker) => total + figure(worker), 0);
    const utilizationRatio =
      sum((worker) => worker.eventLoopUtilizationRatio) / Math.max(1, ready.length);
    const decision = decideScale(
      {
        workers: desired,
        utilizationRatio,
        cpuCores: sum((worker) => worker.cpuRatio),
        cpuLimitCores: parts.cpuLimitCores,
      },
      system.nowMs(),
      state,
      options,
    );
    ({ state } = decision);
    if (decision.workers === desired) return;
    logger.info(
      { from: desired, to: decision.workers, utilizationRatio },
      `the workers are ${Math.round(utilizationRatio * 100)} % busy: scaling from ${desired} to ${decision.workers}`,
    );
    await scale(decision.workers);
  };

  const schedule = (): void => {
    if (isStopped) return;
    cancel = system.setTimer(() => {
      // A worker that does not start is reported by the supervisor, and the policy cools down.
      void check()
        .catch(() => undefined)
        .then(schedule);
    }, INTERVAL_MS);
  };
  schedule();
  return () => {
    isStopped = true;
    cancel();
  };
}
