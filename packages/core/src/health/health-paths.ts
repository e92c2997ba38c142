// Any process: validates and defaults where the health routes are, for adapters that register routes.
import { invalidArgument } from '../errors.js';
import { DEFAULT_HEALTH_PATHS } from './endpoints.js';
import type { HealthPaths } from './health.js';

/** {@link HealthPaths} with every route decided. */
export type ResolvedHealthPaths = Readonly<Record<keyof HealthPaths, string | false>>;

const ALL_OFF: ResolvedHealthPaths = { live: false, ready: false, startup: false, health: false };

// A path is compared as text, so what a router would take for a pattern is refused.
const PLAIN_PATH = /^\/[^\s?#:*(){}]*$/;

/**
 * Fills in defaults.
 *
 * @param paths what a user gave; `false` turns every route off
 * @param call what to name in errors, such as `clusterPlugin({ health })`
 * @throws {CorralError} `INVALID_ARGUMENT` for an unknown route, a path that is none, or one used twice.
 */
export function resolveHealthPaths(
  paths: HealthPaths | false | undefined,
  call: string,
): ResolvedHealthPaths {
  if (paths === false) return ALL_OFF;
  if (paths !== undefined && (typeof paths !== 'object' || paths === null)) {
    throw invalidArgument(call, paths, 'an object of paths, or false');
  }
  for (const key of Object.keys(paths ?? {})) {
    if (!Object.hasOwn(DEFAULT_HEALTH_PATHS, key)) {
      throw invalidArgument(call, key, `the keys ${Object.keys(DEFAULT_HEALTH_PATHS).join(', ')}`);
    }
  }
  const resolved: ResolvedHealthPaths = Object.freeze({
    live: paths?.live ?? DEFAULT_HEALTH_PATHS.live,
    ready: paths?.ready ?? DEFAULT_HEALTH_PATHS.ready,
    startup: paths?.startup ?? DEFAULT_HEALTH_PATHS.startup,
    health: paths?.health ?? DEFAULT_HEALTH_PATHS.health,
  });
  const taken = new Set<string>();
  for (const [route, path] of Object.entries(resolved)) {
    if (path === false) continue;
    if (typeof path !== 'string' || !PLAIN_PATH.test(path)) {
      throw invalidArgument(`${call}, ${route}`, path, `a path such as '/${route}', or false`);
    }
    if (taken.has(path)) throw invalidArgument(`${call}, ${route}`, path, 'a path of its own');
    taken.add(path);
  }
  return resolved;
}
