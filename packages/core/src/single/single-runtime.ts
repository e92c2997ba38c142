// Single process: runs the app without workers, for development, debuggers and other process managers.
import { availableParallelism } from 'node:os';
import { startAdminServer } from '../central/admin-server.js';
import { readCgroupLimits } from '../central/cgroup-limits.js';
import { startConfigService } from '../central/config-service.js';
import { createMetricsAggregator } from '../central/metrics-aggregator.js';
import { openSnapshotsIfWanted } from '../central/open-snapshots.js';
import { readTextFile } from '../central/read-text-file.js';
import { threadsOf } from '../central/thread-budget-policy.js';
import type { Cluster, Main } from '../cluster.js';
import { createClusterEmitter } from '../cluster-events.js';
import { createMissingConfig } from '../config/create-config-channel.js';
import { addSharedConfigCheck } from '../config/shared-config-check.js';
import { toErrorInfo } from '../error-info.js';
import { EXIT_CODES, listenFailed, singleProcess } from '../errors.js';
import { readEnvFiles } from '../env-files.js';
import { onShutdownMessage, sayReadyToParent } from '../lifecycle/parent-process.js';
import { holdSignals } from '../lifecycle/signals.js';
import type { Logger } from '../logger.js';
import { createLocalMessaging } from '../messages/local-messaging.js';
import { createExclusiveWork } from '../once/create-exclusive-work.js';
import type { ResolvedOptions } from '../options.js';
import { listenAddressOf } from '../serving/listen-error.js';
import { createServingProcess } from '../serving/serving-process.js';
import { attachGivenStore } from '../state/given-store.js';
import { createLocalState } from '../state/local-state.js';
import { isStateStore } from '../state/state-settings.js';
import { singleStatus } from './single-status.js';

/** Runs `main`; resolves when the app is ready. The process exits by itself, also when that fails. */
export async function startSingle(
  main: Main,
  options: ResolvedOptions,
  logger: Logger,
  publish: (cluster: Cluster) => void,
): Promise<Cluster> {
  const signals = holdSignals();
  Object.assign(process.env, readEnvFiles(options.envFiles, process.cwd(), process.env));
  const events = createClusterEmitter(logger);
  const config =
    options.config === undefined
      ? undefined
      : await startConfigService({
          definition: options.config,
          env: process.env,
          store: isStateStore(options.state) ? options.state : undefined,
          workerId: 1,
          logger,
          events,
        });
  const identity = { role: 'single', workerId: 1, generation: 1 } as const;
  // Before the app's servers are watched, for it is none of them.
  const admin =
    options.admin === undefined
      ? undefined
      : await startAdminServer({
          ...options.admin,
          status: async () => await handle.status(),
          totals: createMetricsAggregator(),
          config,
          logger,
        });
  const state = createLocalState(options.state, logger);
  const snapshots =
    state.engine === undefined || isStateStore(options.state)
      ? undefined
      : await openSnapshotsIfWanted(options.state, state.engine, logger);
  await snapshots?.begin();
  const serving = createServingProcess(identity, options, logger, {
    onWaiting: (checks) =>
      logger.warn({ checks }, `not ready yet: failing checks ${checks.join(', ')}`),
    onConnections: () => undefined,
    connectionsSettled: async () => await Promise.resolve(),
    letClientsGo: () => undefined,
    claimThreads: async () => await Promise.resolve(options.offload.threads ?? ownThreads()),
  });

  const shutdown = (reason: string): void => {
    if (serving.state === 'draining') return;
    logger.info({ reason }, `shutting down (${reason})`);
    events.emit('shutdown', { reason });
    void serving.drain({ reason, keepAccepting: true }).then(async ({ cutConnections }) => {
      await admin?.close();
      config?.close();
      await state.close();
      await snapshots?.close();
      if (cutConnections > 0) {
        logger.warn({ cutConnections }, `had to cut ${cutConnections} connection(s)`);
      }
      const isClean = cutConnections === 0 && failure === undefined;
      process.exit(isClean ? EXIT_CODES.clean : EXIT_CODES.failure);
    });
  };
  /** An object, for anything can be thrown. */
  let failure: { readonly thrown: unknown } | undefined;
  const fail = (thrown: unknown): void => {
    // A listen error that the app does not handle is an uncaught error and fails the boot, too.
    if (failure !== undefined && thrown === failure.thrown) return;
    failure = { thrown };
    const address = listenAddressOf(thrown);
    const message =
      address === undefined
        ? `the app failed: ${toErrorInfo(thrown).message}`
        : listenFailed(address, thrown).message;
    logger.fatal({ err: thrown }, message);
    shutdown('the app failed');
  };

  process.on('uncaughtException', fail);
  signals.deliver({
    terminate: shutdown,
    hurry: serving.hurry,
    reload: (signal) =>
      logger.warn({ signal }, `${signal} ignored: ${singleProcess('a reload').message}`),
  });
  onShutdownMessage(() => shutdown('asked for by the parent process'));

  const handle: Cluster = {
    ...serving.members,
    config: config?.channel ?? createMissingConfig(),
    state: state.store,
    ...events.members(() => handle),
    ...createLocalMessaging(logger, identity.workerId),
    ...createExclusiveWork({ ...serving.members, state: state.store }),
    status: async () =>
      await Promise.resolve({
        ...singleStatus(
          serving.state,
          serving.members.health,
          serving.registry,
          serving.offload.status(),
        ),
        ...(config === undefined ? {} : { config: config.status() }),
        ...(snapshots === undefined ? {} : { stateSnapshot: snapshots.status() }),
      }),
    reload: async () => await Promise.reject(singleProcess('cluster.reload()')),
    upgrade: async () => await Promise.reject(singleProcess('cluster.upgrade()')),
    scale: async () => await Promise.reject(singleProcess('cluster.scale()')),
    shutdown: async (reason = 'asked for by the app') => await Promise.resolve(shutdown(reason)),
  };
  if (isStateStore(options.state)) attachGivenStore(options.state, handle);
  addSharedConfigCheck(options, handle);
  publish(handle);

  const bootTimeout = setTimeout(() => {
    fail(new Error(`the app was not ready within bootTimeoutMs (${options.bootTimeoutMs} ms)`));
  }, options.bootTimeoutMs);
  try {
    const isReady = await serving.boot(main, handle);
    if (isReady) {
      const bootMs = Math.round(process.uptime() * 1_000);
      events.emit('workerReady', { workerId: 1, pid: process.pid, generation: 1, bootMs });
      sayReadyToParent();
    }
  } catch (thrown) {
    fail(thrown);
  } finally {
    clearTimeout(bootTimeout);
  }
  return handle;
}

function ownThreads(): number {
  const { cpus = Infinity } = readCgroupLimits(readTextFile);
  return threadsOf(Math.min(availableParallelism(), cpus));
}
