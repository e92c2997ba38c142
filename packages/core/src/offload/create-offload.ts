// Any process: what stands behind `cluster.offload()`: the modules of this process, and the threads they share.
import type { Cluster } from '../cluster.js';
import type { Logger } from '../logger.js';
import type { Offloaded, OffloadOptions, OffloadStatus } from './offload.js';
import { resolveOffloadOptions, resolveTaskModule } from './offload-options.js';
import { createOffloadHistory } from './offload-history.js';
import { mergeByName } from './offload-statistics.js';
import { createScheduler } from './scheduler.js';
import { createTaskModule } from './task-module.js';
import type { TaskModule } from './task-module.js';
import { createTaskProxy } from './task-proxy.js';
import { createUtilizationMeter } from './utilization.js';

export interface OffloadParts {
  readonly logger: Logger;
  readonly onShutdown: Cluster['onShutdown'];
  /** How long calls may take to finish in a shutdown. */
  readonly drainTimeoutMs: number;
  /** Called with the first module: resolves with how many threads this process may use at the same time. */
  readonly claimThreads: () => Promise<number>;
}

export interface ProcessOffload {
  readonly offload: Cluster['offload'];
  /** The grant has changed. */
  setThreads(threads: number): void;
  /**
   * Resolves when the threads of all `eager` modules have started.
   *
   * @throws {CorralError} `OFFLOAD_MODULE_FAILED`
   */
  warmed(): Promise<void>;
  /** Undefined in a process that has not offloaded anything. */
  status(): OffloadStatus | undefined;
}

export function createOffload(parts: OffloadParts): ProcessOffload {
  const { logger } = parts;
  // One may always run, also before the grant has come.
  const scheduler = createScheduler(1);
  const utilization = createUtilizationMeter(performance.now());
  const modules = new Set<TaskModule>();
  const closed = createOffloadHistory();
  let claimed: Promise<void> | undefined;
  /** How many were told, not asked for. */
  let grants = 0;

  const claim = async (): Promise<void> => {
    const grantsBefore = grants;
    const threads = await parts.claimThreads();
    // A grant that has come meanwhile is newer than the answer.
    if (grants === grantsBefore) scheduler.limit = threads;
  };

  const begin = (): void => {
    if (claimed !== undefined) return;
    claimed = claim();
    // Behind HTTP, whose requests wait for their calls, and before what calls may still lead to.
    parts.onShutdown(
      async () => void (await Promise.all([...modules].map(async (each) => await each.close()))),
      { phase: 'application', name: 'offload.close', timeoutMs: parts.drainTimeoutMs },
    );
  };

  return {
    offload<Module extends object>(
      module: URL | string,
      options: OffloadOptions = {},
    ): Offloaded<Module> {
      const url = resolveTaskModule(module);
      const resolved = resolveOffloadOptions(options, url);
      begin();
      const created = createTaskModule({
        moduleUrl: url.href,
        options: resolved,
        scheduler,
        utilization,
        onIdleError(error) {
          logger.error({ err: error, module: resolved.name }, 'an idle task thread has crashed');
        },
        onClosed() {
          modules.delete(created);
          closed.add([created.status()]);
        },
      });
      modules.add(created);
      return createTaskProxy<Module>(created);
    },
    setThreads(threads) {
      grants += 1;
      scheduler.limit = threads;
    },
    async warmed() {
      await claimed;
      const eager = [...modules].filter(({ options }) => options.eager);
      await Promise.all(eager.map(async (each) => await each.warm()));
    },
    status() {
      if (claimed === undefined) return undefined;
      return {
        grantedThreads: scheduler.limit,
        utilizationRatio: utilization.read(scheduler.limit, performance.now()),
        modules: mergeByName([...[...modules].map((each) => each.status()), ...closed.modules]),
      };
    },
  };
}
