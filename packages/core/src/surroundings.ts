// Any process: what of the environment decides the role and the defaults.
import cluster from 'node:cluster';
import fs from 'node:fs';
import type { ClusterRole } from './cluster.js';
import type { OptionDefaults, ResolvedOptions } from './options.js';

export function readDefaults(env: NodeJS.ProcessEnv = process.env): OptionDefaults {
  const onKubernetes = env['KUBERNETES_SERVICE_HOST'] !== undefined;
  return {
    onKubernetes,
    inContainer:
      onKubernetes ||
      // Docker, Podman, and what systemd-nspawn and LXC set.
      fs.existsSync('/.dockerenv') ||
      fs.existsSync('/run/.containerenv') ||
      env['container'] !== undefined,
  };
}

/**
 * Which role this process has. A worker of another manager (PM2's cluster mode, a hand-written
 * `node:cluster`) runs the app alone: it cannot start workers of its own.
 */
export function chooseRole(
  workers: ResolvedOptions['workers'],
  isClusterWorker: boolean = cluster.isWorker,
  env: NodeJS.ProcessEnv = process.env,
): ClusterRole {
  if (isClusterWorker) return env['CORRAL_WORKER_ID'] === undefined ? 'single' : 'worker';
  const wantsSingle = ['1', 'true'].includes(env['CORRAL_SINGLE'] ?? '');
  return wantsSingle || workers === 0 ? 'single' : 'primary';
}
