// Builds workspace packages through turbo: what did not change is not built again.
import { join } from 'node:path';
import { root } from './repo.mjs';
import { run } from './run.mjs';

/** Runs turbo tasks for all packages, or for `packages` and what they depend on. */
export function turbo(tools, tasks, packages = [], { quiet = true } = {}) {
  const filters = packages.map((name) => `--filter=${name}`);
  const args = [
    'run',
    ...tasks,
    ...filters,
    '--output-logs=errors-only',
    '--log-order=grouped',
    '--cache=local:rw',
    '--no-update-notifier',
  ];
  return run(tools.node, [join(root, 'node_modules', 'turbo', 'bin', 'turbo'), ...args], {
    cwd: root,
    env: tools.env,
    quiet,
  });
}
