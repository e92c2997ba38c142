// Primary: the order of a rollout: a canary, then the others, and a full stop at the first failure.
import type { ExitReason, ReloadReport, WorkerErrorInfo } from '../cluster.js';

export type ReplaceOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: ExitReason; readonly error?: WorkerErrorInfo };

export interface RolloutPlan {
  readonly generation: number;
  readonly workerIds: readonly number[];
  /** How many are replaced at a time after the canary. */
  readonly concurrency: number;
  /** Replaces one worker; the canary is on probation before its predecessor goes. */
  readonly replace: (workerId: number, role: 'canary' | 'follower') => Promise<ReplaceOutcome>;
  readonly nowMs: () => number;
}

/** Never rejects; a report with `failed > 0` says why the rollout stopped. */
export async function rollOut(plan: RolloutPlan): Promise<ReloadReport> {
  const startMs = plan.nowMs();
  const [canary, ...followers] = plan.workerIds;
  let replaced = 0;
  let failed = 0;
  let failure: Extract<ReplaceOutcome, { ok: false }> | undefined;

  const replaceOne = async (workerId: number, role: 'canary' | 'follower'): Promise<void> => {
    const outcome = await plan.replace(workerId, role);
    if (outcome.ok) {
      replaced += 1;
    } else {
      failed += 1;
      failure ??= outcome;
    }
  };
  const runLane = async (): Promise<void> => {
    for (let next = followers.shift(); next !== undefined; next = followers.shift()) {
      await replaceOne(next, 'follower');
      if (failure !== undefined) return;
    }
  };

  if (canary !== undefined) await replaceOne(canary, 'canary');
  if (failure === undefined) {
    const lanes = Math.min(plan.concurrency, followers.length);
    await Promise.all(Array.from({ length: lanes }, runLane));
  }
  return Object.freeze({
    generation: plan.generation,
    replaced,
    failed,
    ...(failure === undefined ? {} : { reason: failure.reason }),
    ...(failure?.error === undefined ? {} : { error: failure.error }),
    durationMs: Math.round(plan.nowMs() - startMs),
  });
}
