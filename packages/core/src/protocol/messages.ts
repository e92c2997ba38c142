// Both sides: every message that primary and workers exchange, as named unions. Validated in envelope.ts.
import type { ClusterEventName, ClusterEvents, WorkerErrorInfo } from '../cluster.js';
import type { ProcessSample } from '../health/health.js';
import type { RequestTarget } from '../messages/messaging.js';
import type { OffloadStatus } from '../offload/offload.js';
import type { StateAnswer, StateBatch } from '../state/call-batches.js';
import type { StateData } from '../state/state-backend.js';

/** A worker's figures, sent at every heartbeat interval. */
export interface Heartbeat {
  readonly type: 'heartbeat';
  readonly sample: ProcessSample;
  readonly connections: number;
  readonly requests: number;
  /** A debugger is attached, so a stopped event loop means nothing. */
  readonly debugged: boolean;
  /** Messages of the primary that were dropped as malformed; absent: none. */
  readonly malformedMessages?: number;
  /** Absent while nothing has been offloaded. */
  readonly offload?: OffloadStatus;
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
  /** The app offloads; the answer, and what follows whenever it changes, is `threadGrant`. */
  | { readonly type: 'wantThreads' }
  | { readonly type: 'request'; readonly seq: number; readonly call: PrimaryCall }
  /** A server of the app wants to listen; the answer is `listenReply`. */
  | { readonly type: 'listen'; readonly seq: number; readonly query: ListenQuery }
  /**
   * A server of the app has closed, or the worker has stopped accepting in its drain; the answer is
   * `unlistened`, and no connection comes after it.
   */
  | { readonly type: 'unlisten'; readonly key: string; readonly isDraining: boolean }
  /** The answer to `connection`; when it was not accepted, somebody else is to have it. */
  | {
      readonly type: 'connectionReply';
      readonly key: string;
      readonly seq: number;
      readonly accepted: boolean;
    }
  /** The descriptor of `connection` could not be received: somebody else is to have it. */
  | { readonly type: 'connectionLost'; readonly key: string; readonly seq: number }
  /** The descriptor of `grant` could not be received. */
  | { readonly type: 'grantLost'; readonly key: string; readonly slot: number }
  /** The number of open connections has changed by much; sent between heartbeats. */
  | { readonly type: 'connections'; readonly connections: number }
  | AppMessageToPrimary
  /** What the worker says to a version of the configuration; with an error, it refuses it. */
  | { readonly type: 'configAnswer'; readonly version: number; readonly error?: WorkerErrorInfo }
  /** Calls of the shared state; the answers are `stateAnswer`. */
  | ({ readonly type: 'state' } & StateBatch);

/** What the app in a worker says to others, or wants to hear. */
export type AppMessageToPrimary =
  /** It subscribes to a topic or answers to a name, or no longer does. */
  | ({ readonly type: 'interest' } & Interest)
  | { readonly type: 'publish'; readonly topic: string; readonly data: Uint8Array }
  /** The answer is `answer`. */
  | ({ readonly type: 'ask'; readonly seq: number } & Ask)
  | Answer;

/** What an app wants to get, or no longer wants. */
export interface Interest {
  readonly kind: 'topic' | 'request';
  readonly name: string;
  readonly isWanted: boolean;
}

/** A request of the app. Data is what messages/payload.ts has encoded. */
export interface Ask {
  readonly target: RequestTarget;
  readonly name: string;
  readonly data: Uint8Array;
  readonly timeoutMs: number;
}

/** What a worker says of its servers. */
export type ListenerRequest = Extract<
  ToPrimary,
  { type: 'listen' | 'unlisten' | 'connectionReply' | 'connectionLost' | 'grantLost' }
>;

/** Where a server wants to listen, in the terms of Node's `net` internals. */
export interface ListenQuery {
  /** `null` stands for every address, of both families where there are two; otherwise numeric, or a path. */
  readonly address: string | null;
  /** Below 0: `address` is the path of a Unix socket. */
  readonly port: number;
  readonly addressType: 4 | 6 | -1;
  /** libuv's bind flags, such as IPv6-only. */
  readonly flags: number;
  /** Tells servers of one worker apart that listen on the same address, as on port 0. */
  readonly index: number;
  /** TLS session ticket keys, which all workers must share. */
  readonly ticketKeys?: Uint8Array;
}

export interface BoundAddress {
  readonly address: string;
  readonly family: string;
  readonly port: number;
}

/** What a worker may ask of the primary. */
export type PrimaryCall =
  | { readonly name: 'status' }
  | { readonly name: 'reload'; readonly options: { readonly concurrency?: number } }
  | { readonly name: 'upgrade'; readonly options: { readonly execPath?: string } }
  | { readonly name: 'scale'; readonly workers: number }
  | { readonly name: 'shutdown'; readonly reason: string }
  /** The newest configuration; later ones come by themselves from then on. */
  | { readonly name: 'config' }
  | ({ readonly name: 'updateConfig' } & ConfigUpdate);

/** A configuration as it travels: as JSON. */
export interface ConfigText {
  readonly version: number;
  readonly text: string;
}

export interface ConfigUpdate {
  /** Whether `text` is a merge patch, or the whole of the next configuration. */
  readonly kind: 'patch' | 'whole';
  readonly text: string;
  readonly expectedVersion?: number;
  readonly timeoutMs: number;
}

export type ToWorker =
  /** `keepAccepting`: the whole cluster leaves, so give load balancers the time to notice. */
  | { readonly type: 'drain'; readonly reason: string; readonly keepAccepting: boolean }
  /** Skip to the end of the drain. */
  | { readonly type: 'hurry' }
  /** The app said `process.send('ready')`, as PM2's users do. */
  | { readonly type: 'markReady' }
  /** How many threads may run offloaded tasks at the same time, from now on. */
  | { readonly type: 'threadGrant'; readonly threads: number }
  | {
      readonly type: 'event';
      readonly name: ClusterEventName;
      readonly event: ClusterEvents[ClusterEventName];
    }
  | {
      readonly type: 'listenReply';
      readonly seq: number;
      readonly outcome:
        | {
            readonly ok: true;
            readonly key: string;
            /** Whether to accept connections of known clients while draining. */
            readonly keepsClients: boolean;
            /** Absent for a Unix socket. */
            readonly bound?: BoundAddress;
            readonly ticketKeys?: Uint8Array;
          }
        /** A libuv error number, below 0. */
        | { readonly ok: false; readonly errno: number };
    }
  /** With a handle: accept from this slot from now on. */
  | { readonly type: 'grant'; readonly key: string; readonly slot: number }
  /** Accept from this slot no longer. */
  | { readonly type: 'revoke'; readonly key: string; readonly slot: number }
  | { readonly type: 'unlistened'; readonly key: string }
  /** With a handle: an accepted connection; the answer is `connectionReply`. */
  | { readonly type: 'connection'; readonly seq: number; readonly key: string }
  | Reply
  | AppMessageToWorker
  /** A new version of the configuration; the answer is `configAnswer`, within `timeoutMs`. */
  | ({ readonly type: 'config'; readonly timeoutMs: number } & ConfigText)
  /** What came of calls of the shared state, or of the first of them that were not answered yet. */
  | ({ readonly type: 'stateAnswer' } & StateAnswer)
  /** A message on a channel of the shared state that this worker listens on. */
  | {
      readonly type: 'statePublished';
      readonly channel: string;
      readonly data: StateData | number;
    };

/** What the app in a worker hears from others. `from` is a worker's number; 0: the primary. */
export type AppMessageToWorker =
  | {
      readonly type: 'published';
      readonly topic: string;
      readonly data: Uint8Array;
      readonly from: number;
    }
  /** The answer is `answer`. */
  | {
      readonly type: 'ask';
      readonly seq: number;
      readonly name: string;
      readonly data: Uint8Array;
      readonly from: number;
    }
  | Answer;

export interface Reply {
  readonly type: 'reply';
  readonly seq: number;
  readonly outcome: Outcome;
}

/** The answer to `ask`; its value is bytes, as those of every message of the app. */
export interface Answer {
  readonly type: 'answer';
  readonly seq: number;
  readonly outcome: Outcome;
}

export type Outcome = { readonly ok: true; readonly value: unknown } | Failure;

export interface Failure {
  readonly ok: false;
  readonly error: WorkerErrorInfo;
  readonly details: unknown;
  /** Thrown by the app's responder: its code, also when it is one of ours, says nothing of this request. */
  readonly isResponders?: true;
}
