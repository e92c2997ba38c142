// Primary: the place of one worker: its number, who holds it, and who is to take over.
import type { ExitReason } from '../cluster.js';
import { deferred } from '../deferred.js';
import type { System } from '../system.js';
import type { ReplaceOutcome } from './rolling-reload.js';
import type { WorkerHandle } from './worker-handle.js';
import type { WorkerExit } from './worker-listener.js';

/** Why a worker no longer serves. */
export type Loss = Pick<WorkerExit, 'reason' | 'error'>;

export interface Seat {
  readonly workerId: number;
  /** Who serves here, or boots to do so. */
  readonly holder: WorkerHandle | undefined;
  /** Whether a replacement is on its way. */
  readonly isReplacing: boolean;
  /** Whether somebody holds the seat, is on the way, or will be started at a set time. */
  readonly isProvidedFor: boolean;
  /** Starts a holder after `delayMs`. */
  fill(delayMs: number): void;
  /**
   * Starts a worker that takes over when it is ready and has survived `probationMs`; the holder serves
   * until then and is told to drain, for `reason`, after that.
   */
  replace(reason: ExitReason, probationMs?: number): Promise<ReplaceOutcome>;
  /** One of the seat's workers has become ready. */
  becameReady(worker: WorkerHandle): void;
  /** A worker is lost; true when it was the holder. */
  lost(worker: WorkerHandle, loss: Loss): boolean;
  /** Lets go: starts nothing more, and whoever waits for a replacement hears why. */
  abandon(reason: ExitReason): void;
}

interface Incoming {
  readonly worker: WorkerHandle;
  readonly probationMs: number;
  readonly predecessorLeaves: ExitReason;
  readonly outcome: Promise<ReplaceOutcome>;
  readonly settle: (outcome: ReplaceOutcome) => void;
}

export function createSeat(
  workerId: number,
  launch: (workerId: number) => WorkerHandle,
  system: Pick<System, 'setTimer'>,
): Seat {
  let holder: WorkerHandle | undefined;
  let incoming: Incoming | undefined;
  let cancelFill: (() => void) | undefined;
  let cancelProbation: (() => void) | undefined;
  let abandonedFor: ExitReason | undefined;

  const takeOver = (): void => {
    if (incoming === undefined) return;
    const predecessor = holder;
    const { worker, predecessorLeaves, settle } = incoming;
    holder = worker;
    incoming = undefined;
    predecessor?.drain(predecessorLeaves);
    settle({ ok: true });
  };

  const failIncoming = ({ reason, error }: Loss): void => {
    cancelProbation?.();
    const failed = incoming;
    incoming = undefined;
    failed?.settle({ ok: false, reason, ...(error === undefined ? {} : { error }) });
  };

  return {
    workerId,
    get holder() {
      return holder;
    },
    get isReplacing() {
      return incoming !== undefined;
    },
    get isProvidedFor() {
      return holder !== undefined || incoming !== undefined || cancelFill !== undefined;
    },
    fill(delayMs) {
      cancelFill = system.setTimer(() => {
        cancelFill = undefined;
        holder = launch(workerId);
      }, delayMs);
    },
    async replace(predecessorLeaves, probationMs = 0) {
      // One that is on its way already may be of an older generation.
      while (incoming !== undefined) await incoming.outcome;
      if (abandonedFor !== undefined) return { ok: false, reason: abandonedFor };
      cancelFill?.();
      cancelFill = undefined;
      const { promise: outcome, resolve: settle } = deferred<ReplaceOutcome>();
      const worker = launch(workerId);
      incoming = { worker, probationMs, predecessorLeaves, outcome, settle };
      return await outcome;
    },
    becameReady(worker) {
      if (incoming?.worker !== worker) return;
      if (incoming.probationMs === 0) takeOver();
      else cancelProbation = system.setTimer(takeOver, incoming.probationMs);
    },
    lost(worker, loss) {
      if (incoming?.worker === worker) failIncoming(loss);
      if (holder !== worker) return false;
      holder = undefined;
      return true;
    },
    abandon(reason) {
      abandonedFor = reason;
      cancelFill?.();
      cancelFill = undefined;
      if (incoming !== undefined) failIncoming({ reason });
    },
  };
}
