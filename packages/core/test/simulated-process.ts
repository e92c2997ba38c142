// Test process: a worker's process in virtual time, which behaves as told.
import type { ToPrimary, ToWorker } from '../src/protocol/messages.js';
import type { ProcessExit, WorkerObserver, WorkerProcess } from '../src/system.js';

/** What a simulated worker does by itself. */
export interface Behaviour {
  /**
   * `ready`: says so after `bootMs`. `bootFails`: reports an error then and exits with 1. `crashes`:
   * exits with 1 then, without a word. `hangs`: never becomes ready.
   */
  readonly boot: 'ready' | 'bootFails' | 'crashes' | 'hangs';
  readonly bootMs: number;
  /** How long a drain takes; never ends when Infinity. */
  readonly drainMs: number;
  /** Reported at the end of a drain. */
  readonly cutConnections: number;
}

export const WELL_BEHAVED: Behaviour = {
  boot: 'ready',
  bootMs: 200,
  drainMs: 100,
  cutConnections: 0,
};

/** A worker's process, seen from the side of the test. */
export interface SimulatedProcess {
  readonly pid: number;
  readonly workerId: number;
  readonly generation: number;
  readonly launchedMs: number;
  /** When it said that it was ready. */
  readonly readyMs: number | undefined;
  readonly isAlive: boolean;
  /** Whether it leaves: told to, killed, or by itself. */
  readonly isLeaving: boolean;
  readonly received: readonly ToWorker[];
  readonly signals: readonly string[];
  say(message: ToPrimary): void;
  /** `process.send('ready')`. */
  saySimplyReady(): void;
  /** What its watchdog thread writes while the event loop is blocked. */
  reportStall(blockedMs: number, file?: string): void;
  /** Sends no heartbeats, and obeys no messages, until {@link unblock}. */
  block(): void;
  unblock(): void;
  /** An uncaught error: it says so, drains and exits with 1. */
  fail(message: string): void;
  /** Somebody sends it a SIGTERM. */
  terminate(): void;
  /** It lets go of its channel: it hears nothing more, drains and exits with 0. */
  disconnect(): void;
  /** The process ends now. */
  exit(exit?: Partial<ProcessExit>): void;
  /** Figures of its heartbeats from now on. */
  setFigures(figures: Partial<Figures>): void;
}

interface Figures {
  readonly rssBytes: number;
  readonly requests: number;
  readonly connections: number;
  readonly debugged: boolean;
}

/** What a process is made of. */
export interface ProcessSpec {
  readonly workerId: number;
  readonly generation: number;
  readonly pid: number;
  readonly behaviour: Behaviour;
  readonly observer: WorkerObserver;
  readonly heartbeatMs: number;
  readonly nowMs: () => number;
  readonly setTimer: (callback: () => void, delayMs: number) => () => void;
}

export function startProcess(spec: ProcessSpec): {
  readonly process: SimulatedProcess;
  readonly control: WorkerProcess;
} {
  const { workerId, generation, pid, behaviour, observer, setTimer } = spec;
  const received: ToWorker[] = [];
  const signals: string[] = [];
  const launchedMs = spec.nowMs();
  let figures: Figures = { rssBytes: 1_000, requests: 0, connections: 0, debugged: false };
  let readyMs: number | undefined;
  let isAlive = true;
  let isBlocked = false;
  let isConnected = true;
  let isLeaving = false;
  let hasSaidHello = false;
  let unread: ToWorker[] = [];

  const later = (delayMs: number, action: () => void): void => {
    setTimer(() => {
      if (isAlive) action();
    }, delayMs);
  };
  const say = (message: ToPrimary): void => {
    if (isAlive && isConnected) observer.onMessage(message);
  };
  const exit = ({ code = 0, signal = null, ...rest }: Partial<ProcessExit> = {}): void => {
    if (!isAlive) return;
    isAlive = false;
    isLeaving = true;
    observer.onExit({ code: signal === null ? code : null, signal, ...rest });
  };
  const leave = (code: number, delayMs: number): void => {
    isLeaving = true;
    later(delayMs, () => {
      if (isBlocked) return;
      say({ type: 'drained', cutConnections: behaviour.cutConnections });
      exit({ code });
    });
  };
  const obey = (message: ToWorker): void => {
    if (message.type === 'drain' && !isLeaving) leave(0, behaviour.drainMs);
    if (message.type === 'hurry' && isLeaving && Number.isFinite(behaviour.drainMs)) leave(0, 0);
  };
  const beat = (): void => {
    later(spec.heartbeatMs, () => {
      if (!isBlocked) say(heartbeat(figures));
      beat();
    });
  };

  later(behaviour.bootMs / 2, () => {
    hasSaidHello = true;
    say({ type: 'hello' });
    beat();
  });
  later(behaviour.bootMs, () => {
    if (isLeaving) return;
    if (behaviour.boot === 'ready') {
      readyMs = spec.nowMs();
      say({ type: 'ready' });
    } else if (behaviour.boot !== 'hangs') {
      if (behaviour.boot === 'bootFails') {
        say({ type: 'bootFailed', error: { name: 'Error', message: 'main threw' } });
      }
      exit({ code: 1 });
    }
  });

  const process: SimulatedProcess = {
    pid,
    workerId,
    generation,
    launchedMs,
    received,
    signals,
    get readyMs() {
      return readyMs;
    },
    get isAlive() {
      return isAlive;
    },
    get isLeaving() {
      return isLeaving;
    },
    say,
    saySimplyReady: () => observer.onSaidReady(),
    reportStall(blockedMs, file = '/app/slow.js') {
      const frames = file === '' ? [] : [{ functionName: 'slow', file, line: 3, column: 1 }];
      if (isAlive) observer.onStallReport({ blockedMs, frames });
    },
    block() {
      isBlocked = true;
    },
    unblock() {
      isBlocked = false;
      const messages = unread;
      unread = [];
      if (isAlive) for (const message of messages) obey(message);
    },
    fail(message) {
      if (isLeaving) return;
      say({ type: 'failing', error: { name: 'Error', message } });
      leave(1, behaviour.drainMs);
    },
    terminate() {
      if (hasSaidHello) say({ type: 'terminated' });
      else exit({ signal: 'SIGTERM' });
    },
    disconnect() {
      isConnected = false;
      observer.onDisconnect();
      leave(0, behaviour.drainMs);
    },
    exit,
    setFigures(changes) {
      figures = { ...figures, ...changes };
    },
  };

  const control: WorkerProcess = {
    pid,
    send(message) {
      if (!isAlive || !isConnected) return false;
      received.push(message);
      if (isBlocked) unread.push(message);
      else obey(message);
      return true;
    },
    offer: (message) => control.send(message),
    backlog: { waiting: 0, dropped: 0 },
    kill(signal) {
      signals.push(signal);
      isLeaving = true;
      later(1, () => exit({ signal }));
    },
  };
  return { process, control };
}

function heartbeat({ rssBytes, ...figures }: Figures): ToPrimary {
  const sample = {
    rssBytes,
    heapUsedBytes: 1,
    heapTotalBytes: 2,
    heapUsedRatio: 0.1,
    externalBytes: 3,
    cpuRatio: 0.1,
    eventLoopUtilizationRatio: 0.2,
    eventLoopDelayMeanMs: 1,
    eventLoopDelayP99Ms: 2,
  };
  return { type: 'heartbeat', sample, ...figures };
}
