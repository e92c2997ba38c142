// Primary: what is said about workers, in the log and as events.
import type { ExitReason, StackFrame, WorkerErrorInfo } from '../cluster.js';
import type { ClusterEmitter } from '../cluster-events.js';
import type { Logger } from '../logger.js';
import type { WorkerHandle } from './worker-handle.js';
import type { WorkerExit } from './worker-listener.js';

export interface WorkerReports {
  ready(worker: WorkerHandle): void;
  stalled(worker: WorkerHandle, blockedMs: number, frames: readonly StackFrame[]): void;
  stallStack(worker: WorkerHandle, frames: readonly StackFrame[]): void;
  recovered(worker: WorkerHandle): void;
  failing(worker: WorkerHandle, error: WorkerErrorInfo): void;
  terminated(worker: WorkerHandle): void;
  disconnected(worker: WorkerHandle): void;
  malformed(worker: WorkerHandle, why: string): void;
  notReading(worker: WorkerHandle): void;
  readingAgain(worker: WorkerHandle, dropped: number): void;
  /** @param isLogged false when its end is no surprise. */
  exited(worker: WorkerHandle, exit: WorkerExit, isLogged: boolean): void;
  /** A worker is over its memory limit, and the one before it was so little earlier. */
  outgrewAgain(workerId: number, agoMs: number): void;
  replacementFailed(
    workerId: number,
    wanted: ExitReason,
    why: { readonly reason: ExitReason; readonly error?: WorkerErrorInfo },
  ): void;
}

/** Ends that somebody has asked for; every other one is an error. */
const WANTED: ReadonlySet<ExitReason> = new Set<ExitReason>([
  'reload',
  'scale-down',
  'shutdown',
  'terminated',
  'recycled-memory',
  'recycled-requests',
  'recycled-age',
]);

export function createWorkerReports(logger: Logger, events: ClusterEmitter): WorkerReports {
  const explained = new WeakSet<WorkerHandle>();
  const about = ({ workerId, generation, pid }: WorkerHandle): object => ({
    workerId,
    generation,
    workerPid: pid,
  });

  return {
    ready(worker) {
      const { workerId, pid, generation } = worker;
      const bootMs = Math.round(worker.bootMs);
      logger.info({ ...about(worker), bootMs }, `worker ${workerId} ready in ${bootMs} ms`);
      events.emit('workerReady', { workerId, pid, generation, bootMs });
    },
    outgrewAgain(workerId, agoMs) {
      logger.warn(
        { workerId, agoMs: Math.round(agoMs) },
        `worker ${workerId} is over its memory limit, as the one before it was ${Math.round(agoMs)} ms ago: maxRssBytes or maxHeapUsedRatio may be less than it needs from its start on`,
      );
    },
    stalled(worker, exactMs, frames) {
      const { workerId, pid } = worker;
      const blockedMs = Math.round(exactMs);
      const at = frames.length === 0 ? '' : `, at ${formatFrame(ownFrame(frames))}`;
      logger.error(
        { ...about(worker), blockedMs, stack: frames.map(formatFrame) },
        `worker ${workerId} does not respond: its event loop has been blocked for ${blockedMs} ms${at}`,
      );
      events.emit('workerStalled', { workerId, pid, blockedMs, frames });
    },
    stallStack(worker, frames) {
      logger.error(
        { ...about(worker), stack: frames.map(formatFrame) },
        `worker ${worker.workerId} was blocked at ${formatFrame(ownFrame(frames))}`,
      );
    },
    recovered(worker) {
      logger.warn(about(worker), `worker ${worker.workerId} responds again`);
    },
    failing(worker, error) {
      explained.add(worker);
      logger.error(
        { ...about(worker), err: error },
        `uncaught error in worker ${worker.workerId}: ${error.message}; it drains and is replaced`,
      );
    },
    terminated(worker) {
      logger.info(
        about(worker),
        `worker ${worker.workerId} received SIGTERM itself; it is replaced`,
      );
    },
    disconnected(worker) {
      logger.error(
        about(worker),
        `worker ${worker.workerId} has closed its channel to the primary; it drains and is replaced`,
      );
    },
    malformed(worker, why) {
      logger.warn({ ...about(worker), why }, 'dropped a malformed message of a worker');
    },
    notReading(worker) {
      logger.warn(
        about(worker),
        `worker ${worker.workerId} does not read its channel; messages to it are dropped, oldest first`,
      );
    },
    readingAgain(worker, dropped) {
      logger.warn(
        { ...about(worker), dropped },
        `worker ${worker.workerId} reads again; ${dropped} message(s) to it were dropped`,
      );
    },
    exited(worker, { reason, code, signal, uptimeMs, isCutShort, error }, isLogged) {
      const { workerId, pid, generation } = worker;
      const { cutConnections } = worker;
      if (cutConnections > 0) {
        logger.warn(
          { ...about(worker), cutConnections },
          `worker ${workerId} had to cut ${cutConnections} connection(s) at the end of its drain`,
        );
      }
      const details = { ...about(worker), reason, code, signal, uptimeMs };
      if (WANTED.has(reason) && isCutShort) {
        logger.error(
          details,
          `worker ${workerId} has ended in the middle of its drain (${reason}): what it had in hand is lost`,
        );
      } else if (WANTED.has(reason)) {
        logger.info(details, `worker ${workerId} has left (${reason})`);
      } else if (isLogged) {
        const isNew = error !== undefined && !explained.has(worker);
        logger.error(
          isNew ? { ...details, err: error } : details,
          `worker ${workerId} is gone (${reason})${error === undefined ? '' : `: ${error.message}`}`,
        );
      }
      events.emit('workerExit', {
        workerId,
        pid,
        generation,
        reason,
        code,
        signal,
        uptimeMs,
        ...(error === undefined ? {} : { error }),
      });
    },
    replacementFailed(workerId, wanted, { reason, error }) {
      logger.error(
        { workerId, reason, err: error },
        `worker ${workerId} was to be replaced (${wanted}), but its replacement failed (${reason})`,
      );
    },
  };
}

/** The innermost frame of the app's own code, or of anything. */
function ownFrame(frames: readonly StackFrame[]): StackFrame | undefined {
  const isOwn = ({ file }: StackFrame): boolean =>
    !file.startsWith('node:') && !file.includes('node_modules');
  return frames.find(isOwn) ?? frames[0];
}

function formatFrame(frame: StackFrame | undefined): string {
  if (frame === undefined) return 'unknown';
  return `${frame.functionName} (${frame.file}:${frame.line}:${frame.column})`;
}
