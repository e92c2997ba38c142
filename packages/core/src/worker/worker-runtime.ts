// Worker: runs the app in a worker process, from its boot to its exit.
import {
  checkReason,
  checkReloadOptions,
  checkUpgradeOptions,
  checkWorkers,
} from '../call-arguments.js';
import type { Cluster, ClusterStatus, Main, ReloadReport } from '../cluster.js';
import { createClusterEmitter } from '../cluster-events.js';
import { createMissingConfig } from '../config/create-config-channel.js';
import { addSharedConfigCheck } from '../config/shared-config-check.js';
import { deferred } from '../deferred.js';
import { toErrorInfo } from '../error-info.js';
import { EXIT_CODES } from '../errors.js';
import { onSignals } from '../lifecycle/signals.js';
import { listenAddressOf } from '../serving/listen-error.js';
import type { Logger } from '../logger.js';
import { createExclusiveWork } from '../once/create-exclusive-work.js';
import type { ResolvedOptions } from '../options.js';
import type { DrainRequest } from '../serving/drain.js';
import { createServingProcess } from '../serving/serving-process.js';
import { attachGivenStore } from '../state/given-store.js';
import { isStateStore } from '../state/state-settings.js';
import { createConnectionReports } from './connection-reports.js';
import { openPrimaryLink } from './primary-link.js';
import { subscribeToConfig } from './config-subscriber.js';
import { installSlotListener } from './slot-listener.js';
import { createStateClient } from './state-client.js';
import { createWorkerMessaging } from './worker-messaging.js';
import { isDebugged, startStallWatchdog } from './stall-watchdog.js';

/** A status is put together at once; a rollout takes as long as the workers' boots. */
const STATUS_TIMEOUT_MS = 5_000;
const ROLLOUT_TIMEOUT_MS = 600_000;

export interface WorkerIdentity {
  readonly workerId: number;
  readonly generation: number;
}

/** Runs `main`; resolves when the worker is ready (or draining already). The process exits by itself. */
export async function startWorker(
  main: Main,
  options: ResolvedOptions,
  identity: WorkerIdentity,
  logger: Logger,
  publish: (cluster: Cluster) => void,
): Promise<Cluster> {
  const serving = createServingProcess({ role: 'worker', ...identity }, options, logger, {
    onWaiting: (checks) => link.send({ type: 'waitingForChecks', checks }),
    onConnections: (connections) => connectionReports.changed(connections),
    connectionsSettled: async () => await slotListener.settled(),
    letClientsGo: () => slotListener.letClientsGo(),
    async claimThreads() {
      link.send({ type: 'wantThreads' });
      return await firstGrant.promise;
    },
  });
  const firstGrant = deferred<number>();
  const connectionReports = createConnectionReports((connections) => {
    link.send({ type: 'connections', connections });
  });
  const events = createClusterEmitter(logger, () => link.send({ type: 'listenForEvents' }));

  const beat = (): void => {
    const { connections, requests } = serving.registry;
    const offload = serving.offload.status();
    connectionReports.told(connections);
    link.send({
      type: 'heartbeat',
      sample: serving.members.health.sample(),
      connections,
      requests,
      debugged: isDebugged(),
      malformedMessages: link.malformedMessages,
      ...(offload === undefined ? {} : { offload }),
    });
  };

  let hasFailed = false;
  const leave = async (request: DrainRequest): Promise<void> => {
    const { cutConnections } = await serving.drain(request);
    // What the drain has done counts, too.
    beat();
    await link.flush({ type: 'drained', cutConnections });
    process.exit(hasFailed ? EXIT_CODES.failure : EXIT_CODES.clean);
  };

  const link = openPrimaryLink(logger, {
    onMessage(message, sent) {
      switch (message.type) {
        case 'drain':
          void leave(message);
          return;
        case 'hurry':
          serving.hurry();
          return;
        case 'markReady':
          serving.markReady();
          return;
        case 'threadGrant':
          firstGrant.resolve(message.threads);
          serving.offload.setThreads(message.threads);
          return;
        case 'event':
          events.emit(message.name, message.event);
          return;
        case 'published':
        case 'ask':
        case 'answer':
          messaging.onMessage(message);
          return;
        case 'stateAnswer':
        case 'statePublished':
          state.onMessage(message);
          return;
        case 'config':
          config?.onMessage(message);
          return;
        case 'listenReply':
        case 'grant':
        case 'revoke':
        case 'connection':
        case 'unlistened':
          slotListener.onMessage(message, sent);
          return;
        default:
          message satisfies never;
      }
    },
    onHandleLost: (message) => slotListener.onHandleLost(message),
    onClosed() {
      slotListener.primaryGone();
      messaging.close();
      state.disconnected();
      void leave({ reason: 'the primary has gone', keepAccepting: false });
    },
  });

  const config =
    options.config === undefined
      ? undefined
      : subscribeToConfig(options.config, options.bootTimeoutMs, link, logger);
  const messaging = createWorkerMessaging(link, logger);
  const state = createStateClient(options.state, link, logger);
  const slotListener = installSlotListener(link.send, () => {
    if (serving.drainRequest === undefined) return 'no';
    return serving.drainRequest.keepAccepting ? 'with-all' : 'alone';
  });

  const failBoot = async (thrown: unknown): Promise<never> => {
    const address = listenAddressOf(thrown);
    const error = toErrorInfo(thrown);
    await link.flush({ type: 'bootFailed', error, ...(address === undefined ? {} : { address }) });
    process.exit(EXIT_CODES.failure);
  };

  process.on('uncaughtException', (thrown) => {
    switch (serving.state) {
      case 'booting':
        void failBoot(thrown);
        return;
      case 'ready':
        if (!link.send({ type: 'failing', error: toErrorInfo(thrown) })) {
          logger.fatal({ err: thrown }, 'uncaught error');
        }
        hasFailed = true;
        void leave({ reason: 'uncaught error', keepAccepting: false });
        return;
      case 'draining':
        // That it cannot listen either is no news: another worker has said so, or nothing is to listen now.
        if (listenAddressOf(thrown) === undefined) {
          hasFailed = true;
          logger.error({ err: thrown }, 'uncaught error while draining');
        }
        return;
      default:
        serving.state satisfies never;
    }
  });

  // Ctrl-C and service managers signal the whole process group: the primary alone decides what follows.
  onSignals({
    terminate() {
      if (link.send({ type: 'terminated' })) return;
      if (serving.state === 'draining') serving.hurry();
      else void leave({ reason: 'SIGTERM', keepAccepting: false });
    },
    interrupt: () => undefined,
    reload: () => undefined,
  });

  // The app is to find it from its first line on.
  const channel =
    config === undefined ? createMissingConfig() : await config.channel.catch(failBoot);
  const handle: Cluster = {
    ...serving.members,
    config: channel,
    state: state.store,
    ...events.members(() => handle),
    ...messaging.members,
    ...createExclusiveWork({ ...serving.members, state: state.store }),
    status: async () =>
      (await link.request({ name: 'status' }, STATUS_TIMEOUT_MS)) as ClusterStatus,
    async reload(reloadOptions = {}) {
      const call = { name: 'reload', options: checkReloadOptions(reloadOptions) } as const;
      return (await link.request(call, ROLLOUT_TIMEOUT_MS)) as ReloadReport;
    },
    async upgrade(upgradeOptions = {}) {
      const call = { name: 'upgrade', options: checkUpgradeOptions(upgradeOptions) } as const;
      return (await link.request(call, ROLLOUT_TIMEOUT_MS)) as { pid: number };
    },
    async scale(workers) {
      await link.request({ name: 'scale', workers: checkWorkers(workers) }, ROLLOUT_TIMEOUT_MS);
    },
    async shutdown(reason = 'asked for by the app') {
      const call = { name: 'shutdown', reason: checkReason(reason) } as const;
      await link.request(call, STATUS_TIMEOUT_MS);
    },
  };
  if (isStateStore(options.state)) attachGivenStore(options.state, handle);
  addSharedConfigCheck(options, handle);
  publish(handle);

  setInterval(beat, options.heartbeatMs).unref();

  // Before the app, whose boot may block too.
  const watchdog = options.stallMs > 0 ? startStallWatchdog(options.stallMs) : undefined;
  link.send({ type: 'hello' });
  const isReady = await serving.boot(main, handle).catch(failBoot);
  if (isReady) {
    watchdog?.arm();
    beat();
    link.send({ type: 'ready' });
  }
  return handle;
}
