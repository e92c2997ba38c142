// Primary: a worker as the primary sees it: its process, its state, its last figures.
import type { ExitReason, WorkerErrorInfo, WorkerStatus } from '../cluster.js';
import type { Heartbeat, ToPrimary, ToWorker } from '../protocol/messages.js';
import type { NativeHandle } from '../protocol/native-handle.js';
import type { StallReport } from '../protocol/stall-report.js';
import type { LaunchSpec, ProcessExit, System, WorkerProcess } from '../system.js';
import { toErrorInfo } from '../error-info.js';
import { judgeLiveness } from './liveness-policy.js';
import type { LivenessLimits } from './liveness-policy.js';
import { recycleReason } from './recycle-policy.js';
import type { RecycleLimits } from './recycle-policy.js';
import type { WorkerListener } from './worker-listener.js';
import { transition } from './worker-state.js';
import type { WorkerEvent, WorkerState } from './worker-state.js';

export interface WorkerHandle extends LaunchSpec {
  /** Unique, and higher for workers started later. */
  readonly id: number;
  readonly pid: number;
  readonly state: WorkerState;
  /** Open connections, as last reported. */
  readonly connections: number;
  /** Share of its time that its event loop was busy, of 1, as last reported; undefined before that is known. */
  readonly utilizationRatio: number | undefined;
  /** How many connections its drain had to cut; known when it has said so. */
  readonly cutConnections: number;
  /** Whether the app listens for the cluster's events. */
  readonly wantsEvents: boolean;
  /** Whether the app offloads. */
  readonly wantsThreads: boolean;
  readonly bootMs: number;
  send(message: ToWorker, handle?: NativeHandle, onSent?: () => void): boolean;
  /** Sends what can be lost; `onDropped`: it was, because the worker does not read. */
  offer(message: ToWorker, onDropped?: () => void): boolean;
  /** Tells it to leave. Without effect on one that leaves already. */
  drain(reason: ExitReason): void;
  hurry(): void;
  kill(reason: ExitReason, error?: WorkerErrorInfo): void;
  /** The primary itself was stopped for so long: neither the worker's silence nor the time itself counts. */
  excuse(pausedMs: number): void;
  /** Ends it when a deadline has passed; tells the listener of a stall. */
  checkLiveness(limits: LivenessLimits): void;
  recycleReason(limits: RecycleLimits): ExitReason | undefined;
  status(): WorkerStatus;
}

const NO_FIGURES: Heartbeat['sample'] = {
  rssBytes: 0,
  heapUsedBytes: 0,
  heapTotalBytes: 0,
  heapUsedRatio: 0,
  externalBytes: 0,
  cpuRatio: 0,
  eventLoopUtilizationRatio: 0,
  eventLoopDelayMeanMs: 0,
  eventLoopDelayP99Ms: 0,
};

/** A worker measures itself anew when it is ready, once a second. */
const MEASURED_AFTER_MS = 1_500;

let nextId = 1;

/** Starts a worker. */
export function launchWorker(
  spec: LaunchSpec,
  system: System,
  listener: WorkerListener,
): WorkerHandle {
  const startMs = system.nowMs();
  const jitter = system.random();
  let state: WorkerState = { name: 'booting', sinceMs: startMs };
  let lastSeenMs = startMs;
  let hasSaidHello = false;
  let bootMs = 0;
  let figures: Omit<Heartbeat, 'type'> = {
    sample: NO_FIGURES,
    connections: 0,
    requests: 0,
    debugged: false,
  };
  let utilizationRatio: number | undefined;
  let wantsEvents = false;
  let wantsThreads = false;
  let failingChecks: readonly string[] = [];
  let cutConnections = 0;
  let hasDrained = false;
  let malformedMessages = 0;
  let error: WorkerErrorInfo | undefined;
  let listenAddress: string | undefined;

  /** Moves on; true when the event made a difference. */
  const step = (event: WorkerEvent): boolean => {
    const next = transition(state, event, system.nowMs());
    const hasChanged = next !== state;
    state = next;
    if (hasChanged) listener.onChange(handle);
    return hasChanged;
  };

  const sendDrain = (reason: ExitReason): void => {
    workerProcess.send({ type: 'drain', reason, keepAccepting: reason === 'shutdown' });
  };

  const onMessage = (message: ToPrimary): void => {
    lastSeenMs = system.nowMs();
    if (state.name === 'stalled' && step({ type: 'recovered' })) listener.onRecovered(handle);
    switch (message.type) {
      case 'hello':
        hasSaidHello = true;
        // The SIGTERM it got instead came too late to end it, or the app takes that signal itself.
        if (state.name === 'draining') sendDrain(state.reason);
        return;
      case 'ready':
        if (step({ type: 'ready' })) {
          bootMs = system.nowMs() - startMs;
          listener.onReady(handle);
        }
        return;
      case 'waitingForChecks':
        failingChecks = message.checks;
        return;
      case 'bootFailed':
        error = message.error;
        listenAddress = message.address;
        return;
      case 'failing':
        error = message.error;
        if (step({ type: 'drain', reason: 'crashed' })) listener.onFailing(handle, message.error);
        return;
      case 'heartbeat':
        figures = message;
        if (bootMs > 0 && system.nowMs() - startMs - bootMs >= MEASURED_AFTER_MS) {
          utilizationRatio = message.sample.eventLoopUtilizationRatio;
        }
        listener.onChange(handle);
        return;
      case 'terminated':
        listener.onTerminated(handle);
        return;
      case 'drained':
        cutConnections = message.cutConnections;
        hasDrained = true;
        return;
      case 'listenForEvents':
        wantsEvents = true;
        return;
      case 'wantThreads':
        wantsThreads = true;
        listener.onChange(handle);
        return;
      case 'request':
        listener.onRequest(handle, message);
        return;
      case 'listen':
      case 'unlisten':
      case 'connectionReply':
      case 'connectionLost':
      case 'grantLost':
        listener.onListenerRequest(handle, message);
        return;
      case 'interest':
      case 'publish':
      case 'ask':
      case 'answer':
        listener.onAppMessage(handle, message);
        return;
      case 'configAnswer':
        listener.onConfigAnswer(handle, message);
        return;
      case 'state': {
        const why = listener.onStateBatch(handle, message);
        if (why !== undefined) onMalformed(why);
        return;
      }
      case 'connections':
        figures = { ...figures, connections: message.connections };
        listener.onChange(handle);
        return;
      default:
        message satisfies never;
    }
  };

  const onMalformed = (why: string): void => {
    malformedMessages += 1;
    listener.onMalformed(handle, why);
  };

  const onStallReport = ({ blockedMs, frames }: StallReport): void => {
    if (step({ type: 'stalled' })) listener.onStalled(handle, blockedMs, frames);
    else if (frames.length > 0) listener.onStallStack(handle, frames);
  };

  const onExit = (exit: ProcessExit): void => {
    const isOomKill = exit.signal === 'SIGKILL' && listener.takeOomKill();
    if (exit.error !== undefined) error = toErrorInfo(exit.error);
    const { code, signal } = exit;
    const wasLeaving = state.name === 'draining' || state.name === 'killed';
    if (!step({ type: 'exit', code, signal, isOomKill }) || state.name !== 'gone') return;
    listener.onExit(handle, {
      reason: state.reason,
      code,
      signal,
      uptimeMs: Math.round(system.nowMs() - startMs),
      // What never was ready has nothing to lose, and an app may end itself with 0.
      isCutShort: wasLeaving && !hasDrained && bootMs > 0 && code !== 0,
      ...(error === undefined ? {} : { error }),
      ...(listenAddress === undefined ? {} : { listenAddress }),
    });
  };

  const handle: WorkerHandle = {
    ...spec,
    id: nextId++,
    get pid() {
      return workerProcess.pid;
    },
    get state() {
      return state;
    },
    get connections() {
      return figures.connections;
    },
    get utilizationRatio() {
      return utilizationRatio;
    },
    get cutConnections() {
      return cutConnections;
    },
    get wantsEvents() {
      return wantsEvents;
    },
    get wantsThreads() {
      return wantsThreads;
    },
    get bootMs() {
      return bootMs;
    },
    send: (message, sent, onSent) => workerProcess.send(message, sent, onSent),
    offer: (message, onDropped) => workerProcess.offer(message, onDropped),
    drain(reason) {
      if (!step({ type: 'drain', reason })) return;
      // One that does not listen yet has nothing to drain, and may never listen.
      if (!hasSaidHello) workerProcess.kill('SIGTERM');
      else sendDrain(reason);
    },
    hurry: () => void workerProcess.send({ type: 'hurry' }),
    kill(reason, cause) {
      if (!step({ type: 'kill', reason })) return;
      error ??= cause;
      workerProcess.kill('SIGKILL');
    },
    excuse(pausedMs) {
      lastSeenMs = system.nowMs();
      state = { ...state, sinceMs: state.sinceMs + pausedMs };
    },
    checkLiveness(limits) {
      const nowMs = system.nowMs();
      const isDebugged = figures.debugged;
      const verdict = judgeLiveness({ state, lastSeenMs, isDebugged }, nowMs, limits);
      switch (verdict) {
        case 'fine':
          return;
        case 'boot-timeout':
          handle.kill('boot-timeout', {
            name: 'Error',
            message: `the worker was not ready within bootTimeoutMs (${limits.bootTimeoutMs} ms)${
              failingChecks.length === 0 ? '' : `; failing checks: ${failingChecks.join(', ')}`
            }`,
          });
          return;
        case 'stalled':
          if (step({ type: 'stalled' })) listener.onStalled(handle, nowMs - lastSeenMs, []);
          return;
        case 'kill-stalled':
        case 'kill-overdue':
          handle.kill('stalled');
          return;
        default:
          verdict satisfies never;
      }
    },
    recycleReason(limits) {
      if (state.name !== 'ready') return undefined;
      const ageMs = system.nowMs() - startMs;
      const { rssBytes, heapUsedRatio } = figures.sample;
      const { requests } = figures;
      return recycleReason({ rssBytes, heapUsedRatio, requests, ageMs, jitter }, limits);
    },
    status: () => ({
      workerId: spec.workerId,
      pid: workerProcess.pid,
      generation: spec.generation,
      state: state.name,
      uptimeMs: Math.round(system.nowMs() - startMs),
      rssBytes: figures.sample.rssBytes,
      heapUsedBytes: figures.sample.heapUsedBytes,
      cpuRatio: figures.sample.cpuRatio,
      eventLoopUtilizationRatio: figures.sample.eventLoopUtilizationRatio,
      eventLoopDelayP99Ms: figures.sample.eventLoopDelayP99Ms,
      connections: figures.connections,
      requests: figures.requests,
      messages: {
        ...workerProcess.backlog,
        malformed: malformedMessages + (figures.malformedMessages ?? 0),
      },
      ...(figures.offload === undefined ? {} : { offload: figures.offload }),
    }),
  };
  const workerProcess: WorkerProcess = system.launch(spec, {
    onMessage,
    onMalformed,
    onNotReading: () => listener.onNotReading(handle),
    onReadingAgain: (dropped) => listener.onReadingAgain(handle, dropped),
    onSaidReady: () => void workerProcess.send({ type: 'markReady' }),
    onStallReport,
    onDisconnect() {
      if (state.name !== 'ready' && state.name !== 'stalled') return;
      if (step({ type: 'drain', reason: 'exited' })) listener.onDisconnected(handle);
    },
    onExit,
  });
  return handle;
}
