// Any process: which health route a request is for, and its answer from a report. Pure.
import type {
  HealthCheckKind,
  HealthPaths,
  HealthReport,
  HealthRequest,
  HealthResponse,
} from './health.js';
import {
  isReadMethod,
  jsonResponse,
  methodNotAllowed,
  normalizePath,
  parseTarget,
  probeResponse,
} from './probe-response.js';
import type { ProbeItem } from './probe-response.js';

export type HealthRoute = keyof HealthPaths;

export const DEFAULT_HEALTH_PATHS: Readonly<Record<HealthRoute, string>> = {
  live: '/livez',
  ready: '/readyz',
  startup: '/startupz',
  health: '/health',
};

const ROUTES: readonly HealthRoute[] = ['live', 'ready', 'startup', 'health'];

/** The route a request is for, by its path alone. */
export function matchHealthRoute(
  request: HealthRequest,
  paths: HealthPaths = {},
): HealthRoute | undefined {
  const { path } = parseTarget(request.url);
  return ROUTES.find((route) => {
    const at = paths[route] ?? DEFAULT_HEALTH_PATHS[route];
    return at !== false && normalizePath(at) === path;
  });
}

/** The checks whose results an answer needs; a live probe must never run the others. */
export function checkKindsFor(
  route: HealthRoute,
  request: HealthRequest,
): readonly HealthCheckKind[] {
  if (!isReadMethod(request.method)) return [];
  switch (route) {
    case 'health':
      return ['live', 'ready', 'startup'];
    case 'live':
    case 'ready':
    case 'startup':
      return [route];
    default:
      return route satisfies never;
  }
}

/**
 * Answers a health route, or `undefined` when the request is for none.
 *
 * @param report needs the results of {@link checkKindsFor} only
 */
export function healthResponse(
  report: HealthReport,
  request: HealthRequest,
  paths: HealthPaths = {},
): HealthResponse | undefined {
  const route = matchHealthRoute(request, paths);
  if (route === undefined) return undefined;
  if (!isReadMethod(request.method)) return methodNotAllowed(request);
  if (route === 'health') {
    const well = report.status === 'ok' || report.status === 'degraded';
    return jsonResponse(well ? 200 : 503, report, request);
  }
  const ok = { live: report.live, ready: report.ready, startup: report.started }[route];
  const { workerId, generation, checks } = report;
  const ofKind = Object.entries(checks).filter(([, { kind }]) => kind === route);
  const checkItems = ofKind.map(([name, { status, reason, critical }]) => ({
    name,
    ok: status === 'up',
    reason,
    critical,
  }));
  const checksPass = checkItems.every((item) => item.ok || !item.critical);
  return probeResponse(
    {
      probe: route,
      ok,
      items: [lifecycleItem(route, report.status, ok, checksPass), ...checkItems],
      details: { workerId, generation, checks: Object.fromEntries(ofKind) },
    },
    request,
  );
}

const LIFECYCLE_ITEM: Readonly<Record<HealthCheckKind, string>> = {
  live: 'process',
  ready: 'serving',
  startup: 'started',
};

/** What the process itself has to say, besides its checks: a no that no check explains is its own. */
function lifecycleItem(
  route: HealthCheckKind,
  status: HealthReport['status'],
  ok: boolean,
  checksPass: boolean,
): ProbeItem {
  const name = LIFECYCLE_ITEM[route];
  const ownReason = status === 'draining' || status === 'starting';
  if (ok || route === 'live' || !(ownReason || checksPass)) {
    return { name, ok: true, critical: true };
  }
  return { name, ok: false, reason: ownReason ? status : 'starting', critical: true };
}
