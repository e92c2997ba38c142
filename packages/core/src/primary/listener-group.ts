// Primary: what the two ways of giving workers their connections have in common.
import type { BoundAddress, ToPrimary, ToWorker } from '../protocol/messages.js';
import type { NativeHandle } from '../protocol/native-handle.js';
import type { LeaseCandidate } from './lease-policy.js';

/** A worker that listens on the group's address. */
export interface GroupMember extends LeaseCandidate {
  /** It has no descriptor left for another connection, and is to be sent none for a moment. */
  readonly isFull: boolean;
  send(message: ToWorker, handle?: NativeHandle): boolean;
  /** Whether its process has ended. */
  isGone(): boolean;
}

/** The descriptors of a group's sockets, and where they are bound. */
export interface HandedOver {
  readonly fds: readonly number[];
  readonly bound?: BoundAddress;
}

/** All workers' servers on one address. */
export interface ListenerGroup {
  /** Absent for a Unix socket. */
  readonly bound: BoundAddress | undefined;
  /** Whether workers are to accept what they are sent while they drain. */
  readonly keepsClients: boolean;
  /** The workers that listen, and how they are, have changed. */
  update(members: readonly GroupMember[]): void;
  /** A member stops accepting: from here on it gets nothing more. */
  onUnlisten(member: GroupMember): void;
  /** A member has answered a connection that it was sent. */
  onConnectionReply(message: Extract<ToPrimary, { type: 'connectionReply' }>): void;
  /** A member could not receive the descriptor of a slot. */
  onGrantLost(member: GroupMember, slot: number): void;
  /** What a successor needs to take the listening sockets over; see inheritance.ts. */
  handOver(): HandedOver;
  /**
   * The cluster shuts down: take no more than what the workers still accept.
   *
   * @param isHandedOver a successor goes on with the same sockets
   */
  release(isHandedOver: boolean): void;
  /** Stops listening at once. Idempotent. */
  close(): void;
}
