// Primary: the real system: monotonic clock, timers, and worker processes by node:cluster.
import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import type { Readable } from 'node:stream';
import { readOomKills } from '../central/cgroup-limits.js';
import { readTextFile } from '../central/read-text-file.js';
import type { Logger } from '../logger.js';
import { unwrapForPrimary, wrap } from '../protocol/envelope.js';
import type { ToWorker } from '../protocol/messages.js';
import type { NativeHandle } from '../protocol/native-handle.js';
import { createOutbox } from '../protocol/outbox.js';
import { STALL_REPORT_FD } from '../protocol/stall-report.js';
import type { System, WorkerObserver, WorkerProcess } from '../system.js';
import type { LaunchProgram } from './launch-program.js';
import { createStallReportReader } from './stall-report-reader.js';

/** A process that ends closes its channel a moment before; one that still runs then has let go of it. */
const DISCONNECT_GRACE_MS = 500;

export interface NodeSystemOptions {
  readonly logger: Logger;
  /** Asked before every start, so that a reload starts what is there then. */
  readonly program: () => LaunchProgram;
}

export function createNodeSystem({ logger, program }: NodeSystemOptions): System {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  return {
    nowMs: () => performance.now(),
    random: () => Math.random(),
    setTimer(callback, delayMs) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
    oomKills: () => readOomKills(readTextFile),
    launch({ workerId, generation }, observer) {
      let worker: Worker;
      try {
        const { env: programEnv, ...settings } = program();
        cluster.setupPrimary({
          ...settings,
          // Carries Map, Date, typed arrays; functions are refused instead of dropped.
          serialization: 'advanced',
          stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
        });
        worker = cluster.fork({
          ...programEnv,
          CORRAL_WORKER_ID: String(workerId),
          CORRAL_GENERATION: String(generation),
          NODE_APP_INSTANCE: String(workerId - 1),
        });
      } catch (thrown) {
        // What `program` threw, or a failed spawn that Node does not report as an event, such as ENOMEM.
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        setImmediate(() => observer.onExit({ code: null, signal: null, error }));
        return NO_PROCESS;
      }
      observe(worker, observer, logger.child({ workerId, generation }));
      return toWorkerProcess(worker, observer);
    },
  };
}

/** Stands for a process that could not be started. */
const NO_PROCESS: WorkerProcess = {
  pid: 0,
  send: () => false,
  offer: () => false,
  backlog: { waiting: 0, dropped: 0 },
  kill: () => undefined,
};

function toWorkerProcess(worker: Worker, observer: WorkerObserver): WorkerProcess {
  const post = (message: ToWorker, done: () => void, handle?: NativeHandle): boolean => {
    if (!worker.isConnected()) return false;
    // Node takes its own native handles here, though its types know only the objects around them.
    const sendHandle = handle as Parameters<typeof worker.process.send>[1];
    // With a callback, a channel that closes meanwhile is no 'error' event.
    worker.process.send(wrap(message), sendHandle, undefined, done);
    return true;
  };
  const outbox = createOutbox<ToWorker>(post, observer);
  return {
    pid: worker.process.pid ?? 0,
    send: (message, handle, onSent = () => undefined) => post(message, onSent, handle),
    offer: outbox.offer,
    get backlog() {
      return outbox.figures;
    },
    kill: (signal) => void worker.process.kill(signal),
  };
}

function observe(worker: Worker, observer: WorkerObserver, logger: Logger): void {
  worker.on('message', (raw: unknown) => {
    const unwrapped = unwrapForPrimary(raw);
    if (unwrapped.kind === 'message') observer.onMessage(unwrapped.message);
    else if (unwrapped.kind === 'malformed') observer.onMalformed(unwrapped.why);
    else if (raw === 'ready') observer.onSaidReady();
  });

  // Without descriptors left for it (EMFILE), a process has no stdio either.
  const { stdio } = worker.process as Partial<typeof worker.process>;
  const stallPipe = stdio?.[STALL_REPORT_FD] as Readable | null | undefined;
  const readReports = createStallReportReader((report) => observer.onStallReport(report));
  stallPipe?.setEncoding('utf8').on('data', readReports);
  // A reset pipe says nothing that the worker's exit does not.
  stallPipe?.on('error', () => undefined);

  worker.on('exit', (code: number | null, signal: string | null) => {
    const exit = { code: signal === null ? code : null, signal };
    let isTold = false;
    const tell = (): void => {
      if (!isTold) observer.onExit(exit);
      isTold = true;
    };
    // What the worker said last, such as why it failed, may still be in its channel.
    if (!worker.isConnected()) {
      tell();
      return;
    }
    worker.once('disconnect', tell);
    // Node forgets that event when the worker was sent a handle that it has not taken.
    worker.process.once('close', tell);
  });
  worker.on('disconnect', () => {
    setTimeout(() => {
      // After the events that wait already: this process may have been blocked meanwhile.
      setImmediate(() => {
        if (!worker.isDead()) observer.onDisconnect();
      });
    }, DISCONNECT_GRACE_MS).unref();
  });
  worker.on('error', (error: Error) => {
    if (worker.process.pid === undefined) {
      observer.onExit({ code: null, signal: null, error });
    } else {
      logger.warn({ err: error }, 'the channel to a worker failed');
    }
  });
}
