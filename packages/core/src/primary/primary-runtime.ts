// Primary: wires the supervisor to signals, the admin server, the handle and the process's exit.
import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkReason, checkUpgradeOptions } from '../call-arguments.js';
import { startAdminServer } from '../central/admin-server.js';
import type { AdminServer } from '../central/admin-server.js';
import { readCgroupLimits } from '../central/cgroup-limits.js';
import { startConfigService } from '../central/config-service.js';
import { createMetricsAggregator } from '../central/metrics-aggregator.js';
import { readTextFile } from '../central/read-text-file.js';
import { threadsOf } from '../central/thread-budget-policy.js';
import type { Cluster, ClusterEvents, ClusterStatus, UpgradeOptions } from '../cluster.js';
import { createClusterEmitter } from '../cluster-events.js';
import type { ClusterEmitter } from '../cluster-events.js';
import { createMissingConfig } from '../config/create-config-channel.js';
import { addSharedConfigCheck } from '../config/shared-config-check.js';
import { deferred } from '../deferred.js';
import { configMissing, EXIT_CODES } from '../errors.js';
import { createHealth } from '../health/create-health.js';
import { createProcessSampler } from '../health/process-sampler.js';
import { createShutdownHooks, SHUTDOWN_PHASES } from '../lifecycle/shutdown-hooks.js';
import { onShutdownMessage, sayReadyToParent } from '../lifecycle/parent-process.js';
import { holdSignals } from '../lifecycle/signals.js';
import type { Logger } from '../logger.js';
import { createExclusiveWork } from '../once/create-exclusive-work.js';
import type { ResolvedOptions } from '../options.js';
import type { PrimaryCall } from '../protocol/messages.js';
import { toOutcome } from '../protocol/outcome.js';
import { attachGivenStore } from '../state/given-store.js';
import { isStateStore } from '../state/state-settings.js';
import { startAutoscaler } from './autoscaler.js';
import { createClusterThreads } from './cluster-threads.js';
import { takeInheritance } from './inheritance.js';
import { ownProgram } from './launch-program.js';
import { createListeners } from './listeners.js';
import { createMessageRouter } from './message-router.js';
import { createNodeSystem } from './node-system.js';
import { openPrimaryState } from './primary-state.js';
import { primaryStatus } from './primary-status.js';
import { startSuccessor } from './primary-upgrade.js';
import { createSupervisor } from './supervisor.js';
import type { SupervisorEnd } from './supervisor.js';
import type { WorkerHandle } from './worker-handle.js';
import { createSystemdNotifier } from './systemd.js';
import { askedWorkers, firstWorkers } from './worker-count.js';

function exitCode(end: SupervisorEnd, hasFailed: boolean): number {
  switch (end.kind) {
    case 'shutdown':
      return end.isClean && !hasFailed ? EXIT_CODES.clean : EXIT_CODES.failure;
    case 'failed':
      return end.error.code === 'RESTART_INTENSITY_EXCEEDED'
        ? EXIT_CODES.crashLoop
        : EXIT_CODES.failure;
    default:
      return end satisfies never;
  }
}

/** Starts the workers; resolves when all are ready. The process exits by itself, also when that fails. */
export async function startPrimary(
  options: ResolvedOptions,
  logger: Logger,
  publish: (cluster: Cluster) => void,
): Promise<Cluster> {
  const signals = holdSignals();
  const inheritance = takeInheritance();
  const predecessor =
    inheritance && (await (await import('./predecessor.js')).meetPredecessor(logger));
  const program = ownProgram(options);
  const system = createNodeSystem({ logger, program });
  const listeners = createListeners({
    balance: options.balance,
    logger,
    nowMs: system.nowMs,
    inherited: inheritance?.listeners ?? [],
  });
  const systemd = createSystemdNotifier(logger);
  const hooks = createShutdownHooks({ hookTimeoutMs: options.hookTimeoutMs, logger });
  const stopping = new AbortController();
  const hurried = new AbortController();
  let hasFailed = false;
  const localEvents = createClusterEmitter(logger);
  const cgroup = readCgroupLimits(readTextFile);
  const cpuLimitCores = Math.min(availableParallelism(), cgroup.cpus ?? Infinity);
  const asked = askedWorkers(options, { availableParallelism: availableParallelism(), cgroup });
  const threads = createClusterThreads({
    budgetThreads: options.offload.threads ?? threadsOf(cpuLimitCores),
    logger,
    onShutdown: hooks.add,
    drainTimeoutMs: options.drainTimeoutMs,
  });

  const events: ClusterEmitter = {
    ...localEvents,
    emit(name, event) {
      // Whoever has ended the cluster: a signal, the app, or a crash loop.
      if (name === 'shutdown') stopping.abort((event as ClusterEvents['shutdown']).reason);
      localEvents.emit(name, event);
      supervisor.tellListeners({ type: 'event', name, event });
    },
  };
  const router = createMessageRouter(logger, (workerId) => supervisor.holderOf(workerId));
  const state = await openPrimaryState(options.state, predecessor, logger);
  // Last of what takes time: its file may change at once, and there has to be somebody to tell of it.
  const config =
    options.config === undefined
      ? undefined
      : await startConfigService({
          definition: options.config,
          env: { ...process.env, ...program().env },
          store: isStateStore(options.state) ? options.state : undefined,
          workerId: 0,
          logger,
          events,
          inherited: predecessor?.config,
        });
  const totals = createMetricsAggregator();
  const supervisor = createSupervisor({
    options,
    totals,
    system,
    logger,
    listeners,
    onChange(workers) {
      listeners.update();
      threads.update(workers);
      for (const worker of workers) if (worker.state.name === 'draining') config?.retire(worker);
    },
    firstGeneration: inheritance?.generation ?? 1,
    events,
    passedOn: {
      onRequest(worker, { seq, call }) {
        void toOutcome(answerCall(call, worker)).then((outcome) =>
          worker.send({ type: 'reply', seq, outcome }),
        );
      },
      onAppMessage: router.onMessage,
      onConfigAnswer: (worker, answer) => config?.onAnswer(worker, answer),
      onStateBatch: (worker, batch) => state.onBatch(worker, batch),
    },
    onGone(worker) {
      router.gone(worker);
      config?.gone(worker);
      state.gone(worker);
    },
  });

  const status = (): ClusterStatus =>
    primaryStatus({ supervisor, totals, threads, config, snapshots: state.embedded?.snapshots });

  const answerCall = async (call: PrimaryCall, worker: WorkerHandle): Promise<unknown> => {
    switch (call.name) {
      case 'status':
        return status();
      case 'reload':
        return await supervisor.reload(call.options);
      case 'upgrade':
        return await upgrade(call.options);
      case 'scale':
        return await supervisor.scale(call.workers);
      case 'shutdown':
        return shutdown(call.reason);
      case 'config':
        return config?.join(worker);
      case 'updateConfig': {
        if (config === undefined) throw configMissing('cluster.config.update()');
        return await config.update(call);
      }
      default:
        return call satisfies never;
    }
  };

  const health = createHealth({
    identity: { role: 'primary', workerId: 0, generation: inheritance?.generation ?? 1 },
    logger,
    sampler: createProcessSampler(),
    facts: () => {
      const { ready } = supervisor.status();
      return { started: ready > 0, serving: ready > 0, draining: supervisor.isStopping };
    },
  });

  const shutdown = (reason: string): void => {
    if (supervisor.isStopping) return;
    logger.info({ reason }, `shutting down (${reason})`);
    systemd.stopping();
    supervisor.shutdown(reason);
  };
  const upgrade = async (upgradeOptions: UpgradeOptions = {}): Promise<{ pid: number }> => {
    const { execPath } = checkUpgradeOptions(upgradeOptions);
    const taken = deferred<{ pid: number }>();
    const upgraded = supervisor.exclusively(async () => {
      logger.info({ execPath }, 'starting the primary that is to succeed this one');
      const successor = await startSuccessor({
        program: program(),
        execPath,
        generation: supervisor.generation + 1,
        workers: {
          desired: supervisor.status().desired,
          asked: typeof options.workers === 'object' ? 'range' : asked,
        },
        listeners: listeners.handOver(),
        state: state.embedded,
        config,
        timeoutMs: 2 * options.bootTimeoutMs,
        stopping: stopping.signal,
        logger,
      });
      const { pid } = successor;
      logger.info({ successorPid: pid }, `process ${pid} has taken over; this primary leaves`);
      listeners.release(true);
      await admin?.close();
      successor.release();
      await systemd.handOver(pid);
      // Whoever has asked gets the answer first, but nothing else begins here any more.
      taken.resolve({ pid });
      await nextTurn();
      supervisor.shutdown('upgraded');
    });
    upgraded.catch(taken.reject);
    return await taken.promise;
  };
  signals.deliver({
    terminate: shutdown,
    hurry(signal) {
      logger.warn({ signal }, `${signal} again: cutting the shutdown short`);
      hurried.abort();
      supervisor.hurry();
    },
    reload(signal) {
      logger.info({ signal }, `${signal}: reloading`);
      // The supervisor has logged why, and the old workers serve on.
      supervisor.reload().catch(() => undefined);
    },
  });
  onShutdownMessage(() => shutdown('asked for by the parent process'));
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught error in the primary');
    hasFailed = true;
    shutdown('uncaught error in the primary');
  });

  const handle: Cluster = {
    role: 'primary',
    workerId: 0,
    get generation() {
      return supervisor.generation;
    },
    signal: stopping.signal,
    health,
    config: config?.channel ?? createMissingConfig(),
    state: state.store,
    logger,
    status: async () => await Promise.resolve(status()),
    reload: supervisor.reload,
    upgrade,
    scale: supervisor.scale,
    shutdown: async (reason = 'asked for by the app') =>
      await Promise.resolve(shutdown(checkReason(reason))),
    ready: () => undefined,
    onShutdown: hooks.add,
    offload: threads.offload,
    ...localEvents.members(() => handle),
    ...router.members,
    ...createExclusiveWork({ state: state.store, logger, onShutdown: hooks.add }),
  };
  if (isStateStore(options.state)) attachGivenStore(options.state, handle);
  addSharedConfigCheck(options, handle);
  publish(handle);

  let admin: AdminServer | undefined;
  // Before anything can fail: an admin port that is taken ends the process too.
  void supervisor.ended.then(async (end) => {
    const reason = String(stopping.signal.reason ?? 'failure');
    for (const phase of SHUTDOWN_PHASES) await hooks.run(phase, reason, hurried.signal);
    await admin?.close();
    config?.close();
    await state.close();
    process.exit(exitCode(end, hasFailed));
  });

  const startAdmin = async (): Promise<AdminServer | undefined> =>
    options.admin === undefined
      ? undefined
      : await startAdminServer({
          ...options.admin,
          status: handle.status,
          totals,
          config,
          logger,
        });
  // A predecessor still has the port.
  if (inheritance === undefined) admin = await startAdmin();

  const workers = firstWorkers(options, asked, inheritance?.workers);
  logger.info({ workers }, `starting ${workers} worker(s)`);
  await supervisor.start(workers);
  if (typeof options.workers === 'object') {
    const stopScaling = startAutoscaler({
      options: { ...options.workers, ...options.scaling },
      cpuLimitCores,
      system,
      status: supervisor.status,
      scale: supervisor.scale,
      logger,
    });
    stopping.signal.addEventListener('abort', stopScaling);
  }
  if (inheritance === undefined) {
    systemd.ready();
    sayReadyToParent();
    return handle;
  }
  await predecessor?.succeed((next) => {
    if (next !== undefined) void config?.adopt(next);
    systemd.ready();
  });
  // A predecessor that has gone has said nothing.
  systemd.ready();
  try {
    admin = await startAdmin();
  } catch (error) {
    // The old primary leaves: there is nothing to go back to, and the app serves.
    logger.error({ err: error }, 'the cluster goes on without its admin server');
  }
  return handle;
}
