// Any process: the composition root: validates, chooses the role, and starts what belongs to it.
import type { Cluster, Main } from './cluster.js';
import { claimProcess, setCluster } from './current-cluster.js';
import { alreadyBootstrapped, invalidArgument } from './errors.js';
import { createDefaultLogger } from './logger.js';
import { resolveOptions } from './options.js';
import type { ResolvedOptions } from './options.js';
import type { BootstrapOptions } from './bootstrap-options.js';
import type { RegisteredConfig } from './config/config-channel.js';
import { chooseRole, readDefaults } from './surroundings.js';

/**
 * Runs `main` in every worker, and supervises the workers from this process.
 *
 * Call it once, in the program's own file: the same file runs in the primary, where `main` is not
 * called, and in each worker, where it is. What `main` starts to listen is found and drained without
 * further calls.
 *
 * @returns in the primary, when all workers are ready; in a worker and in single-process mode, when
 *   that process is. A program that cannot start is reported and exits with code 1.
 * @throws {CorralError} `INVALID_OPTIONS`, `INVALID_ARGUMENT`, `ALREADY_BOOTSTRAPPED`,
 *   `NO_ENTRY_SCRIPT`, `LISTEN_FAILED` (the admin server), `CONFIG_INVALID`; before anything has been
 *   forked.
 */
export async function bootstrap<C = RegisteredConfig>(
  main: Main<C>,
  options: BootstrapOptions<C> = {},
): Promise<Cluster<C>> {
  if (typeof main !== 'function') {
    throw invalidArgument('bootstrap(main)', main, 'a function that starts the app');
  }
  const resolved = resolveOptions(options, readDefaults());
  if (!claimProcess()) throw alreadyBootstrapped();
  // What the configuration is, only types know, and those of main and config agree.
  return (await start(main as Main, resolved)) as Cluster<C>;
}

async function start(main: Main, resolved: ResolvedOptions): Promise<Cluster> {
  const logger = resolved.logger ?? createDefaultLogger();
  const role = chooseRole(resolved.workers);
  // Each role's code is loaded only where it runs.
  switch (role) {
    case 'primary': {
      const { startPrimary } = await import('./primary/primary-runtime.js');
      return await startPrimary(resolved, logger, setCluster);
    }
    case 'worker': {
      const { startWorker } = await import('./worker/worker-runtime.js');
      const identity = {
        workerId: Number(process.env['CORRAL_WORKER_ID']),
        generation: Number(process.env['CORRAL_GENERATION']),
      };
      return await startWorker(main, resolved, identity, logger.child({ ...identity }), setCluster);
    }
    case 'single': {
      const { startSingle } = await import('./single/single-runtime.js');
      return await startSingle(main, resolved, logger, setCluster);
    }
    default:
      return role satisfies never;
  }
}
