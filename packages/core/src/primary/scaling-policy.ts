// Primary: decides how many workers there should be, from how busy they are. Pure.

export interface ScalingOptions {
  readonly min: number;
  readonly max: number;
  /** Add a worker when the mean event-loop utilization has been above this for `upAfterMs`. */
  readonly upRatio: number;
  readonly upAfterMs: number;
  /** Take one away when it has been below this for `downAfterMs`. */
  readonly downRatio: number;
  readonly downAfterMs: number;
  /** Change nothing for so long after a change. */
  readonly coolDownMs: number;
}

export interface ScalingView {
  readonly workers: number;
  /** Mean event-loop utilization of the ready workers. */
  readonly utilizationRatio: number;
  /** CPU time of all workers, in cores. */
  readonly cpuCores: number;
  /** How many cores the cgroup allows. */
  readonly cpuLimitCores: number;
}

export interface ScalingState {
  readonly aboveSinceMs: number | undefined;
  readonly belowSinceMs: number | undefined;
  readonly changedMs: number | undefined;
}

export const UNSCALED: ScalingState = {
  aboveSinceMs: undefined,
  belowSinceMs: undefined,
  changedMs: undefined,
};

/** A cgroup whose quota is used up this far has nothing for one more worker. */
const CPU_SATURATED_RATIO = 0.95;

export function decideScale(
  view: ScalingView,
  nowMs: number,
  state: ScalingState,
  options: ScalingOptions,
): { readonly workers: number; readonly state: ScalingState } {
  const { workers, utilizationRatio } = view;
  if (workers < options.min) return changed(options.min, nowMs);
  if (workers > options.max) return changed(options.max, nowMs);

  const isAbove = utilizationRatio > options.upRatio;
  // Less the worker that would go: the others must not be pushed over the upper mark by its share.
  const isBelow =
    workers > 1 &&
    utilizationRatio < options.downRatio &&
    (utilizationRatio * workers) / (workers - 1) < options.upRatio;
  const next: ScalingState = {
    aboveSinceMs: isAbove ? (state.aboveSinceMs ?? nowMs) : undefined,
    belowSinceMs: isBelow ? (state.belowSinceMs ?? nowMs) : undefined,
    changedMs: state.changedMs,
  };
  const isCooling = state.changedMs !== undefined && nowMs - state.changedMs < options.coolDownMs;
  if (isCooling) return { workers, state: next };

  const hasCpuLeft = view.cpuCores < view.cpuLimitCores * CPU_SATURATED_RATIO;
  if (lasts(next.aboveSinceMs, nowMs, options.upAfterMs) && workers < options.max && hasCpuLeft) {
    return changed(workers + 1, nowMs);
  }
  if (lasts(next.belowSinceMs, nowMs, options.downAfterMs) && workers > options.min) {
    return changed(workers - 1, nowMs);
  }
  return { workers, state: next };
}

function lasts(sinceMs: number | undefined, nowMs: number, requiredMs: number): boolean {
  return sinceMs !== undefined && nowMs - sinceMs >= requiredMs;
}

function changed(
  workers: number,
  nowMs: number,
): { readonly workers: number; readonly state: ScalingState } {
  return { workers, state: { ...UNSCALED, changedMs: nowMs } };
}
