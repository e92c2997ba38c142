// Any process: the public handle, `Cluster`, and the shapes its members speak. Types only.
import type {
  ConfigChannel,
  ConfigStatus,
  ConfigUpdateReport,
  RegisteredConfig,
} from './config/config-channel.js';
import type { Health } from './health/health.js';
import type { Logger } from './logger.js';
import type { Messaging } from './messages/messaging.js';
import type { Offloaded, OffloadOptions, OffloadStatus } from './offload/offload.js';
import type { ExclusiveWork } from './once/exclusive-work.js';
import type { StateStore } from './state/state-store.js';

/** What this process is: the supervisor, one of its workers, or both in one (development, debuggers). */
export type ClusterRole = 'primary' | 'worker' | 'single';

/**
 * The named steps of a shutdown at which hooks run, in this order:
 *
 * - `prepare`: the drain has begun, the process still accepts connections.
 * - `connections`: the listeners are closed and {@link Cluster.signal} is aborted; end what lives long
 *   (WebSockets with 1001, SSE streams). Runs while HTTP drains.
 * - `application`: HTTP has drained; frameworks close here.
 * - `resources`: databases, queues, caches (the default).
 * - `final`: telemetry and logs, last.
 */
export type ShutdownPhase = 'prepare' | 'connections' | 'application' | 'resources' | 'final';

/** A function run once during shutdown. A hook that throws or hangs is reported and stops no other hook. */
export type ShutdownHook = (context: { readonly reason: string }) => void | Promise<void>;

export interface ShutdownHookOptions {
  /** When to run the hook. Default `'resources'`. Hooks of one phase run concurrently. */
  readonly phase?: ShutdownPhase;
  /** Shown in reports of a failing hook. Default: the function's name. */
  readonly name?: string;
  /** How long the hook may take, in ms. Default: the option `hookTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** Why a worker's process ended, by what was intended rather than by its exit code. */
export type ExitReason =
  /** Asked for by `reload()`. */
  | 'reload'
  /** Asked for by `scale()`. */
  | 'scale-down'
  /** Asked for by `shutdown()` or a signal to the primary. */
  | 'shutdown'
  /** Somebody sent the worker itself a SIGTERM; it drained and was replaced. */
  | 'terminated'
  /** Replaced because of `maxRssBytes` or `maxHeapUsedRatio`. */
  | 'recycled-memory'
  /** Replaced because of `maxRequests`. */
  | 'recycled-requests'
  /** Replaced because of `maxAgeMs`. */
  | 'recycled-age'
  /** Its event loop was blocked for longer than `stallMs`. */
  | 'stalled'
  /** `main` threw, or the process ended before it was ready. */
  | 'boot-failed'
  /** It was not ready within `bootTimeoutMs`. */
  | 'boot-timeout'
  /** An uncaught error, a non-zero exit or a fatal signal such as SIGSEGV or SIGABRT. */
  | 'crashed'
  /** SIGKILL or another terminating signal that the primary did not send. */
  | 'killed'
  /** SIGKILL by the kernel's out-of-memory killer. */
  | 'oom-killed'
  /** It ended by itself with code 0 although nobody asked. */
  | 'exited';

/** Where a worker is in its life. */
export type WorkerStateName = 'booting' | 'ready' | 'stalled' | 'draining' | 'killed' | 'gone';

export interface WorkerStatus {
  readonly workerId: number;
  readonly pid: number;
  readonly generation: number;
  readonly state: WorkerStateName;
  readonly uptimeMs: number;
  /** Figures of the worker's last heartbeat; zero before the first. */
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** CPU time used over the last interval as a share of one core (1 = one core busy). */
  readonly cpuRatio: number;
  readonly eventLoopUtilizationRatio: number;
  readonly eventLoopDelayP99Ms: number;
  /** Open connections on the worker's servers. */
  readonly connections: number;
  /** Requests since the worker started. */
  readonly requests: number;
  readonly messages: MessageStatus;
  /** Its task threads; absent when it has not offloaded anything. */
  readonly offload?: OffloadStatus;
}

/** How the channel between the primary and a worker does. */
export interface MessageStatus {
  /** Messages that wait because the worker does not read. */
  readonly waiting: number;
  /** Messages that could be lost, and were, because it did not read. */
  readonly dropped: number;
  /** Messages, in either direction, that bore Corral's name without being one of its own. */
  readonly malformed: number;
}

export interface BalanceStatus {
  /** How connections reach the workers. */
  readonly mode: 'slots' | 'round-robin' | 'sticky' | 'single';
  /** Why this mode is in use. */
  readonly reason: string;
}

export interface ClusterStatus {
  readonly role: ClusterRole;
  /** The process that supervises: the primary, or this one in single-process mode. */
  readonly pid: number;
  readonly nodeVersion: string;
  readonly uptimeMs: number;
  /** The newest generation; each `reload()` begins the next. */
  readonly generation: number;
  /** How many workers there should be, and how many are in these states. */
  readonly desired: number;
  readonly ready: number;
  readonly draining: number;
  readonly balance: BalanceStatus;
  /**
   * Workers that ended otherwise than by a shutdown or a scale-down, counted by the reason; also candidates
   * of a reload that failed.
   */
  readonly restarts: Readonly<Partial<Record<ExitReason, number>>>;
  /** Requests over all workers, those that are gone included; as of their last heartbeats. */
  readonly requests: number;
  /** The task threads of all processes together; absent when nothing has been offloaded. */
  readonly offload?: OffloadStatus;
  readonly workers: readonly WorkerStatus[];
  /** Absent when `bootstrap()` was given no config. */
  readonly config?: ConfigStatus;
  /** Absent without `state.snapshotFile`. */
  readonly stateSnapshot?: StateSnapshotStatus;
}

/** The file that the embedded state is written to. */
export interface StateSnapshotStatus {
  readonly file: string;
  /** When it was written last, as an ISO date; absent when this process has not written it yet. */
  readonly writtenAt?: string;
  /** How many entries there were, and how long it took. */
  readonly entries?: number;
  readonly durationMs?: number;
  /** Why it cannot be written at the moment. */
  readonly problem?: string;
}

export interface ReloadOptions {
  /** How many workers are replaced at a time after the canary. Default 1. */
  readonly concurrency?: number;
}

export interface UpgradeOptions {
  /** The Node.js binary to run. Default: the one that runs this process. */
  readonly execPath?: string;
}

export interface ReloadReport {
  /** The generation that was rolled out. */
  readonly generation: number;
  /** How many workers were replaced. */
  readonly replaced: number;
  /** How many replacements failed; the rollout stops at the first. */
  readonly failed: number;
  /** Why the rollout stopped, when it did. */
  readonly reason?: ExitReason;
  /** The failing worker's own error. */
  readonly error?: WorkerErrorInfo;
  readonly durationMs: number;
}

/** An error as it crosses a process boundary. */
export interface WorkerErrorInfo {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

export interface StackFrame {
  readonly functionName: string;
  /** A path, or a URL where the code has no file. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

/** The typed events of a {@link Cluster}; workers receive them too. */
export interface ClusterEvents {
  workerReady: { workerId: number; pid: number; generation: number; bootMs: number };
  workerExit: {
    workerId: number;
    pid: number;
    generation: number;
    reason: ExitReason;
    code: number | null;
    signal: string | null;
    uptimeMs: number;
    error?: WorkerErrorInfo;
  };
  workerStalled: {
    workerId: number;
    pid: number;
    blockedMs: number;
    /** What the worker's main thread was running, innermost first; empty when it could not be taken. */
    frames: readonly StackFrame[];
  };
  reload: ReloadReport;
  scale: { from: number; to: number };
  shutdown: { reason: string };
  /** A new version of the configuration, and what the processes have said to it. */
  configUpdate: ConfigUpdateReport & { changedPaths: readonly string[] };
}

export type ClusterEventName = keyof ClusterEvents;
/** What it throws, or rejects with, is logged. */
export type ClusterListener<E extends ClusterEventName> = (event: ClusterEvents[E]) => unknown;

/**
 * The running cluster, as seen from any of its processes. In a worker, calls that concern the whole
 * cluster travel to the primary; in single-process mode they are answered on the spot.
 */
export interface Cluster<C = RegisteredConfig> extends Messaging, ExclusiveWork {
  readonly role: ClusterRole;
  /**
   * The stable number of this worker, 1…N; a replacement inherits it. 0 in the primary, 1 in
   * single-process mode. Also in the environment as `CORRAL_WORKER_ID`, and 0-based as
   * `NODE_APP_INSTANCE`.
   */
  readonly workerId: number;
  /** The generation this process belongs to; begins at 1, grows with each reload. */
  readonly generation: number;
  /** Aborts when this process closes its listeners in a drain: end long polls and streams then. */
  readonly signal: AbortSignal;
  readonly health: Health;
  /** The configuration of the whole cluster; an empty object unless `bootstrap()` was given one. */
  readonly config: ConfigChannel<C>;
  /** What all processes share: in the primary's memory, unless `bootstrap()` was given another store. */
  readonly state: StateStore;
  /** The logger given by option or Corral's own, with worker id and generation bound. */
  readonly logger: Logger;

  /** The state of the whole cluster. */
  status(): Promise<ClusterStatus>;
  /**
   * Replaces every worker, one after another, each new one ready before the old one drains. Script,
   * execArgv and environment files are read again. Resolves when every worker is of the new
   * generation; old ones may still be draining then. Asked for while a reload runs, another follows
   * it, one for all who ask meanwhile.
   *
   * @throws {CorralError} `RELOAD_ABORTED` when a new worker does not become ready; the remaining old
   *   workers go on serving, and `error.details` is the {@link ReloadReport}.
   */
  reload(options?: ReloadOptions): Promise<ReloadReport>;
  /**
   * Replaces the primary itself, without closing a port: starts the program anew, possibly with another
   * Node.js binary, hands it the listening sockets, and when its workers are ready drains this
   * cluster's workers and exits with code 0. Resolves with the new primary's pid just before.
   *
   * The process id changes, so this is for service managers that follow it (systemd with
   * `Type=notify`), not for containers.
   *
   * @throws {CorralError} `UPGRADE_FAILED` when the new primary does not become ready; this one goes on.
   */
  upgrade(options?: UpgradeOptions): Promise<{ readonly pid: number }>;
  /**
   * Changes the number of workers; resolves when the new ones are ready or the surplus has been told
   * to drain.
   *
   * @param workers at least 1
   * @throws {CorralError} `INVALID_ARGUMENT`
   */
  scale(workers: number): Promise<void>;
  /** Shuts the whole cluster down in order. Resolves when shutdown has begun; the process then exits. */
  shutdown(reason?: string): Promise<void>;
  /** With `readiness: 'manual'`: says that this worker can serve. Otherwise without effect. */
  ready(): void;
  /**
   * The functions of a module, to be called as usual but run in worker threads of this process, so that
   * they do not block its event loop. Threads start with the first call, or with `eager`.
   *
   * ```ts
   * const tasks = cluster.offload<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url));
   * const digest = await tasks.hash(password);
   * ```
   *
   * Call it once for a module, in `main` or in the primary. The cluster's processes share a budget of
   * threads: see `BootstrapOptions.offload`.
   *
   * @param module a `file:` URL
   * @throws {CorralError} `INVALID_ARGUMENT`
   */
  offload<Module extends object>(module: URL | string, options?: OffloadOptions): Offloaded<Module>;
  /**
   * Registers a hook for this process's shutdown; returns a function that removes it. When its phase has
   * begun already it runs at once, and nothing waits for it.
   */
  onShutdown(hook: ShutdownHook, options?: ShutdownHookOptions): () => void;

  on<E extends ClusterEventName>(event: E, listener: ClusterListener<E>): Cluster<C>;
  once<E extends ClusterEventName>(event: E, listener: ClusterListener<E>): Cluster<C>;
  off<E extends ClusterEventName>(event: E, listener: ClusterListener<E>): Cluster<C>;
}

/** The app: runs once in every worker. Resolve when it is set up; a rejection fails the worker's boot. */
export type Main<C = RegisteredConfig> = (cluster: Cluster<C>) => unknown;
