// Both sides: every message that primary and workers exchange, as named unions. Validated in envelope.ts.
import type { ClusterEventName, ClusterEvents, WorkerErrorInfo } from '../cluster.js';
import type { ProcessSample } from '../health/health.js';

/** A worker's figures, sent at every heartbeat interval. */
export interface Heartbeat {
  readonly type: 'heartbeat';
  readonly sample: ProcessSample;
  readonly connections: number;
  readonly requests: number;
  /** A debugger is attached, so a stopped event loop means nothing. */
  readonly debugged: boolean;
}

export type ToPrimary =
  /** The worker's runtime listens on the channel. */
  | { readonly type: 'hello' }
  | { readonly type: 'ready' }
  /** The app is set up, but these readiness checks fail. */
  | { readonly type: 'waitingForChecks'; readonly checks: readonly string[] }
  /** Setting up the app failed; the worker exits. `address` is set when a server could not listen. */
  | {
      readonly type: 'bootFailed';
      readonly error: WorkerErrorInfo;
      readonly address?: string;
    }
  /** An uncaught error; the worker drains by itself and exits. */
  | { readonly type: 'failing'; readonly error: WorkerErrorInfo }
  | Heartbeat
  /** Somebody sent SIGTERM to the worker itself. */
  | { readonly type: 'terminated' }
  /** The drain is over; so many connections had to be destroyed at its deadline. */
  | { readonly type: 'drained'; readonly cutConnections: number }
  /** The app listens for the cluster's events, so send them. */
  | { readonly type: 'listenForEvents' }
  | { readonly type: 'request'; readonly seq: number; readonly call: PrimaryCall };

/** What a worker may ask of the primary. */
export type PrimaryCall =
  | { readonly name: 'status' }
  | { readonly name: 'reload'; readonly options: { readonly concurrency?: number } }
  | { readonly name: 'scale'; readonly workers: number }
  | { readonly name: 'shutdown'; readonly reason: string };

export type ToWorker =
  | { readonly type: 'drain'; readonly reason: string }
  /** Skip to the end of the drain. */
  | { readonly type: 'hurry' }
  /** The app said `process.send('ready')`, as PM2's users do. */
  | { readonly type: 'markReady' }
  | {
      readonly type: 'event';
      readonly name: ClusterEventName;
      readonly event: ClusterEvents[ClusterEventName];
    }
  | Reply;

export interface Reply {
  readonly type: 'reply';
  readonly seq: number;
  readonly outcome:
    | { readonly ok: true; readonly value: unknown }
    | { readonly ok: false; readonly error: WorkerErrorInfo; readonly details: unknown };
}
