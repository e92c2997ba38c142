// Any process that has not called bootstrap(): a cluster of one that takes no signals and starts nothing.
import { availableParallelism } from 'node:os';
import type { Cluster } from '../cluster.js';
import { createClusterEmitter } from '../cluster-events.js';
import { createMissingConfig } from '../config/create-config-channel.js';
import { singleProcess } from '../errors.js';
import { createHealth } from '../health/create-health.js';
import { createProcessSampler } from '../health/process-sampler.js';
import { createShutdownHooks, SHUTDOWN_PHASES } from '../lifecycle/shutdown-hooks.js';
import { createDefaultLogger } from '../logger.js';
import { createLocalState } from '../state/local-state.js';
import { DEFAULT_STATE_SETTINGS } from '../state/state-settings.js';
import { createLocalMessaging } from '../messages/local-messaging.js';
import { createOffload } from '../offload/create-offload.js';
import { createExclusiveWork } from '../once/create-exclusive-work.js';
import { singleStatus } from './single-status.js';

/** Ready from the start. `shutdown()` runs the hooks and leaves the process alone. */
export function createPassiveCluster(): Cluster {
  const logger = createDefaultLogger('silent');
  const events = createClusterEmitter(logger);
  const hooks = createShutdownHooks({ hookTimeoutMs: 5_000, logger });
  const draining = new AbortController();
  const identity = { role: 'single', workerId: 1, generation: 1 } as const;
  const health = createHealth({
    identity,
    logger,
    sampler: createProcessSampler(),
    facts: () => ({
      started: true,
      serving: !draining.signal.aborted,
      draining: draining.signal.aborted,
    }),
  });
  const offload = createOffload({
    logger,
    onShutdown: hooks.add,
    drainTimeoutMs: 25_000,
    claimThreads: async () => await Promise.resolve(availableParallelism()),
  });
  const phase = (): 'ready' | 'draining' => (draining.signal.aborted ? 'draining' : 'ready');
  const state = createLocalState(DEFAULT_STATE_SETTINGS, logger);

  const handle: Cluster = {
    ...identity,
    ...events.members(() => handle),
    ...createLocalMessaging(logger, identity.workerId),
    ...createExclusiveWork({ state: state.store, logger, onShutdown: hooks.add }),
    signal: draining.signal,
    health,
    config: createMissingConfig(),
    state: state.store,
    logger,
    status: async () =>
      await Promise.resolve(
        singleStatus(phase(), health, { connections: 0, requests: 0 }, offload.status()),
      ),
    reload: async () => await Promise.reject(singleProcess('cluster.reload()')),
    upgrade: async () => await Promise.reject(singleProcess('cluster.upgrade()')),
    scale: async () => await Promise.reject(singleProcess('cluster.scale()')),
    async shutdown(reason = 'asked for by the app') {
      draining.abort(reason);
      const never = new AbortController().signal;
      for (const each of SHUTDOWN_PHASES) await hooks.run(each, reason, never);
      await state.close();
    },
    ready: () => undefined,
    onShutdown: hooks.add,
    offload: offload.offload,
  };
  return handle;
}
