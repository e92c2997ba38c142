// Worker or single process: a process that runs the app: its boot, its readiness, its drain.
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Main, ShutdownHook, ShutdownHookOptions } from '../cluster.js';
import { deferred } from '../deferred.js';
import { createHealth } from '../health/create-health.js';
import { createProcessSampler } from '../health/process-sampler.js';
import { createShutdownHooks } from '../lifecycle/shutdown-hooks.js';
import type { Logger } from '../logger.js';
import { createOffload } from '../offload/create-offload.js';
import type { ProcessOffload } from '../offload/create-offload.js';
import type { ResolvedOptions } from '../options.js';
import { drain } from './drain.js';
import type { DrainRequest } from './drain.js';
import { createServerRegistry } from './server-registry.js';
import type { ServerRegistry } from './server-registry.js';

/** How long to wait before failing readiness checks are asked again during a boot. */
const READY_CHECK_RETRY_MS = 200;

export type ServingState = 'booting' | 'ready' | 'draining';

/** The members of a {@link Cluster} that concern only the process itself. */
export type LocalMembers = Pick<
  Cluster,
  | 'role'
  | 'workerId'
  | 'generation'
  | 'signal'
  | 'health'
  | 'logger'
  | 'ready'
  | 'onShutdown'
  | 'offload'
>;

export interface ServingProcess {
  readonly state: ServingState;
  /** Why and how it drains, once it does. */
  readonly drainRequest: DrainRequest | undefined;
  readonly members: LocalMembers;
  /** Its task threads. */
  readonly offload: Pick<ProcessOffload, 'setThreads' | 'status'>;
  readonly registry: ServerRegistry;
  /**
   * Runs the app. Resolves with true when it is ready, or with false when a drain came first.
   *
   * @throws what the app threw, or its listen error.
   */
  boot(main: Main, cluster: Cluster): Promise<boolean>;
  /** Says that the app is ready, whatever `boot` waits for. */
  markReady(): void;
  /** Drains; every call gets the same promise. */
  drain(request: DrainRequest): Promise<{ readonly cutConnections: number }>;
  /** Skips to the end of the drain. */
  hurry(): void;
}

export interface ServingIdentity {
  readonly role: 'worker' | 'single';
  readonly workerId: number;
  readonly generation: number;
}

export interface ServingObserver {
  /** Told, again and again, which readiness checks the boot is waiting for. */
  onWaiting(failingChecks: readonly string[]): void;
  /** Told of every connection that opens or closes; the number of those that are open. */
  onConnections(count: number): void;
  /** Resolves when no more connections can come to listeners that have closed. */
  connectionsSettled(): Promise<void>;
  /** From now on the clients that were to stay with this process are to go to others. */
  letClientsGo(): void;
  /** The app offloads; resolves with how many threads it may use. */
  claimThreads(): Promise<number>;
}

export function createServingProcess(
  identity: ServingIdentity,
  options: ResolvedOptions,
  logger: Logger,
  observer: ServingObserver,
): ServingProcess {
  const registry = createServerRegistry(observer.onConnections);
  const hooks = createShutdownHooks({ hookTimeoutMs: options.hookTimeoutMs, logger });
  const draining = new AbortController();
  const hurry = new AbortController();
  const saidReady = deferred<void>();
  let state: ServingState = 'booting';
  let drainRequest: DrainRequest | undefined;
  let drained: Promise<{ readonly cutConnections: number }> | undefined;

  const sampler = createProcessSampler();
  const health = createHealth({
    identity,
    logger,
    sampler,
    facts: () => ({
      started: state !== 'booting',
      serving: state === 'ready',
      draining: state === 'draining',
    }),
  });

  const becomesReady = async (main: Main, cluster: Cluster): Promise<void> => {
    await main(cluster);
    await registry.allListening();
    await offload.warmed();
    if (options.readiness === 'manual') await saidReady.promise;
  };

  const readyChecksPass = async (): Promise<void> => {
    while (state === 'booting') {
      const outcome = await health.readyChecksPass();
      if (outcome.ok) return;
      observer.onWaiting(outcome.failing);
      await delay(READY_CHECK_RETRY_MS);
    }
  };

  const offload = createOffload({
    logger,
    onShutdown: hooks.add,
    drainTimeoutMs: options.drainTimeoutMs,
    claimThreads: async () => await observer.claimThreads(),
  });

  const members: LocalMembers = {
    ...identity,
    signal: draining.signal,
    health,
    logger,
    ready: () => saidReady.resolve(),
    onShutdown: (hook: ShutdownHook, hookOptions?: ShutdownHookOptions) =>
      hooks.add(hook, hookOptions),
    offload: offload.offload,
  };

  return {
    members,
    offload,
    registry,
    get state() {
      return state;
    },
    get drainRequest() {
      return drainRequest;
    },
    markReady: () => saidReady.resolve(),
    async boot(main, cluster) {
      const booted = becomesReady(main, cluster);
      void booted.catch((error: unknown) => {
        // The app said that it was ready before its main ended; this failure has nobody else to hear it.
        if (state === 'ready') throw error;
      });
      try {
        await Promise.race([
          booted,
          saidReady.promise.then(async () => {
            await registry.allListening();
            await offload.warmed();
          }),
        ]);
        // A main that goes on after that, and fails, has not booted.
        await Promise.race([
          readyChecksPass(),
          booted.then(async () => await new Promise(() => {})),
        ]);
      } catch (error) {
        // What `cluster.signal` has interrupted must not cut the drain short.
        if (state !== 'draining') throw error;
        logger.warn({ err: error }, 'the boot was interrupted by the shutdown');
      }
      if (state !== 'booting') return false;
      state = 'ready';
      // How busy its boot was is no reason to keep work from it.
      sampler.restart();
      return true;
    },
    async drain(request) {
      state = 'draining';
      drainRequest ??= request;
      drained ??= drain(drainRequest, options, {
        registry,
        connectionsSettled: observer.connectionsSettled,
        letClientsGo: observer.letClientsGo,
        hooks,
        draining,
        hurry: hurry.signal,
      });
      return await drained;
    },
    hurry: () => hurry.abort(),
  };
}
