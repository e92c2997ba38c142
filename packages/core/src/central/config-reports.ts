// Primary or single process: what a caller is told of an update, from the state of rollouts. Pure.
import type { WorkerErrorInfo } from '../cluster.js';
import type { ConfigUpdateReport } from '../config/config-channel.js';
import type { MemberId, Rollout, RolloutState } from './config-rollout.js';

/** Why a process does not have the version in force. */
export interface Refusal {
  readonly error: WorkerErrorInfo;
  /** For people. */
  readonly text: string;
}

type WorkerIdOf = (id: MemberId) => number;

/** What came of a version that was just made. */
export function reportRollout(
  { version, applied, rejected, timedOut }: Rollout,
  workerIdOf: WorkerIdOf,
): ConfigUpdateReport {
  return {
    version,
    applied: inOrder(applied, workerIdOf),
    rejected: rejected.map(({ member, error }) => ({ workerId: workerIdOf(member), error })),
    timedOut: inOrder(timedOut, workerIdOf),
  };
}

/** What has become of the version in force since it was made: late answers count, too. */
export function reportInForce(
  { version, members }: RolloutState,
  workerIdOf: WorkerIdOf,
  refusals: ReadonlyMap<MemberId, Refusal>,
): ConfigUpdateReport {
  const staying = [...members].filter(([, { isLeaving }]) => !isLeaving);
  const applied = staying.filter(([, { acked }]) => acked === version).map(([id]) => id);
  const behind = staying.filter(([, { acked }]) => acked !== version).map(([id]) => id);
  return {
    version,
    applied: inOrder(applied, workerIdOf),
    rejected: behind.flatMap((id) => {
      const refusal = refusals.get(id);
      return refusal === undefined ? [] : [{ workerId: workerIdOf(id), error: refusal.error }];
    }),
    timedOut: inOrder(
      behind.filter((id) => !refusals.has(id)),
      workerIdOf,
    ),
  };
}

/** Processes answer in any order. */
function inOrder(ids: readonly MemberId[], workerIdOf: WorkerIdOf): number[] {
  return ids.map(workerIdOf).sort((a, b) => a - b);
}
