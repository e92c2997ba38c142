// Primary or single process: who has which version of the configuration, and what to send to whom. Pure.
//
// A member gets one version at a time, and the next only after its answer. One that does not read thus
// costs one message, and gets the newest version when it reads again; versions between are not sent to it.
import type { WorkerErrorInfo } from '../cluster.js';

/** A process. Not a worker's number, which its replacement inherits. */
export type MemberId = number;

interface Member {
  /** The version that it has applied. */
  readonly acked: number;
  /** The version that it has not answered yet. */
  readonly sent: number | undefined;
  /** It leaves: it still gets versions, but nobody waits for its answers, and it cannot refuse any. */
  readonly isLeaving: boolean;
}

export interface Rejection {
  readonly member: MemberId;
  readonly error: WorkerErrorInfo;
}

/** A version on its way. It is over when nobody is waited for. */
export interface Rollout {
  readonly version: number;
  readonly waiting: ReadonlySet<MemberId>;
  readonly applied: readonly MemberId[];
  readonly rejected: readonly Rejection[];
  readonly timedOut: readonly MemberId[];
}

export interface RolloutState {
  /** The newest. */
  readonly version: number;
  readonly members: ReadonlyMap<MemberId, Member>;
  /** Of the newest version, also when it is over. */
  readonly rollout: Rollout;
}

export interface RolloutStep {
  readonly state: RolloutState;
  /** Whom to send the newest version. */
  readonly send: readonly MemberId[];
  /** A version was refused, the newest or an earlier one, by one that was not waited for any more. */
  readonly isLateRejection: boolean;
}

export function beginRollouts(version: number): RolloutState {
  const rollout = { version, waiting: new Set<number>(), applied: [], rejected: [], timedOut: [] };
  return { version, members: new Map(), rollout };
}

/** A process that begins with the newest version. */
export function join(state: RolloutState, member: MemberId): RolloutState {
  return withMember(state, member, { acked: state.version, sent: undefined, isLeaving: false });
}

/** A process that has ended. Nobody waits for it, and no list of the rollout names it if it had not answered. */
export function leave(state: RolloutState, member: MemberId): RolloutState {
  const members = new Map(state.members);
  members.delete(member);
  return { ...state, members, rollout: withoutWaiting(state.rollout, member) };
}

/** A process that is on its way out, and may take long. */
export function retire(state: RolloutState, id: MemberId): RolloutState {
  const member = state.members.get(id);
  if (member === undefined || member.isLeaving) return state;
  const next = withMember(state, id, { ...member, isLeaving: true });
  return { ...next, rollout: withoutWaiting(state.rollout, id) };
}

/** @param version higher than the newest so far */
export function publish(state: RolloutState, version: number): RolloutStep {
  const members = new Map<MemberId, Member>();
  const send: MemberId[] = [];
  const waiting = new Set<MemberId>();
  const timedOut: MemberId[] = [];
  for (const [id, member] of state.members) {
    if (member.sent === undefined) {
      members.set(id, { ...member, sent: version });
      send.push(id);
      if (!member.isLeaving) waiting.add(id);
    } else {
      // It has not even answered an earlier one: do not hold everybody up for it again.
      members.set(id, member);
      if (!member.isLeaving) timedOut.push(id);
    }
  }
  const rollout = { version, waiting, applied: [], rejected: [], timedOut };
  return { state: { version, members, rollout }, send, isLateRejection: false };
}

/** @param error why it refuses; undefined: it has applied the version */
export function answered(
  state: RolloutState,
  id: MemberId,
  version: number,
  error?: WorkerErrorInfo,
): RolloutStep {
  const member = state.members.get(id);
  if (member?.sent !== version) return { state, send: [], isLateRejection: false };

  const acked = error === undefined ? version : member.acked;
  const isBehind = version < state.version;
  const sent = isBehind ? state.version : undefined;
  const next = withMember(state, id, { ...member, acked, sent });
  const { rollout } = state;
  const isAwaited = rollout.version === version && rollout.waiting.has(id);
  return {
    state: isAwaited ? { ...next, rollout: withAnswer(rollout, id, error) } : next,
    send: isBehind ? [id] : [],
    isLateRejection: !isAwaited && !member.isLeaving && error !== undefined,
  };
}

/** The time is up: who has not answered is not waited for any longer. */
export function passDeadline(state: RolloutState): RolloutState {
  const { rollout } = state;
  const timedOut = [...rollout.timedOut, ...rollout.waiting];
  return { ...state, rollout: { ...rollout, waiting: new Set(), timedOut } };
}

export function isOver({ rollout }: RolloutState): boolean {
  return rollout.waiting.size === 0;
}

function withMember(state: RolloutState, id: MemberId, member: Member): RolloutState {
  return { ...state, members: new Map(state.members).set(id, member) };
}

function withoutWaiting(rollout: Rollout, id: MemberId): Rollout {
  const waiting = new Set(rollout.waiting);
  waiting.delete(id);
  return { ...rollout, waiting };
}

function withAnswer(rollout: Rollout, id: MemberId, error: WorkerErrorInfo | undefined): Rollout {
  const rest = withoutWaiting(rollout, id);
  return error === undefined
    ? { ...rest, applied: [...rest.applied, id] }
    : { ...rest, rejected: [...rest.rejected, { member: id, error }] };
}
