// Any process: `cluster.health`, made of the process's lifecycle, its figures and its checks.
import type { ClusterRole } from '../cluster.js';
import type { Logger } from '../logger.js';
import { createChecks } from './checks.js';
import type { CheckResults } from './checks.js';
import { checkKindsFor, healthResponse, matchHealthRoute } from './endpoints.js';
import type { Health, HealthCheckKind, HealthReport } from './health.js';
import type { ProcessSampler } from './process-sampler.js';

/** Where the process is in its life. */
export interface LifecycleFacts {
  /** It has been set up: `main` has resolved. Stays true. */
  readonly started: boolean;
  /** It listens, and is ready as far as its lifecycle goes. */
  readonly serving: boolean;
  /** Its shutdown has begun. */
  readonly draining: boolean;
}

export interface CreateHealthOptions {
  readonly facts: () => LifecycleFacts;
  readonly sampler: Pick<ProcessSampler, 'sample'>;
  readonly logger: Logger;
  readonly identity: {
    readonly role: ClusterRole;
    readonly workerId: number;
    readonly generation: number;
  };
}

export type ReadyChecksOutcome =
  | { readonly ok: true }
  /** The names of the critical checks that are down. */
  | { readonly ok: false; readonly failing: readonly string[] };

/** {@link Health} as the process that owns it sees it. */
export interface OwnedHealth extends Health {
  /** Whether every critical ready check passes; asked before a worker says that it is ready. */
  readyChecksPass(): Promise<ReadyChecksOutcome>;
  /** Removes every check. Health still answers. Idempotent. */
  close(): void;
}

export function createHealth({
  facts,
  sampler,
  logger,
  identity,
}: CreateHealthOptions): OwnedHealth {
  const checks = createChecks({ logger });

  const reportOf = async (kinds: readonly HealthCheckKind[]): Promise<HealthReport> => {
    // What the checks look at may be closed in a drain, and no result changes the answer any more.
    const results = facts().draining ? {} : await checks.run(kinds);
    const sample = sampler.sample();
    return {
      ...assess(facts(), results),
      ...identity,
      pid: process.pid,
      uptime: process.uptime(),
      memory: {
        rssBytes: sample.rssBytes,
        heapUsedBytes: sample.heapUsedBytes,
        heapTotalBytes: sample.heapTotalBytes,
        externalBytes: sample.externalBytes,
      },
      eventLoop: {
        utilizationRatio: sample.eventLoopUtilizationRatio,
        delayMeanMs: sample.eventLoopDelayMeanMs,
        delayP99Ms: sample.eventLoopDelayP99Ms,
      },
      checks: results,
    };
  };

  return {
    addCheck: (name, check, options) => checks.add(name, check, options),
    report: async () => await reportOf(['live', 'ready', 'startup']),
    sample: () => sampler.sample(),
    async respond(request, paths) {
      const route = matchHealthRoute(request, paths);
      if (route === undefined) return undefined;
      return healthResponse(await reportOf(checkKindsFor(route, request)), request, paths);
    },
    async readyChecksPass() {
      const failing = criticalDown(await checks.run(['ready']), 'ready');
      return failing.length === 0 ? { ok: true } : { ok: false, failing };
    },
    close: () => checks.close(),
  };
}

/** The verdicts that follow from lifecycle and checks. A kind without results counts as passing. */
export function assess(
  { started, serving, draining }: LifecycleFacts,
  results: CheckResults,
): Pick<HealthReport, 'status' | 'live' | 'ready' | 'started'> {
  const passes = (kind: HealthCheckKind): boolean => criticalDown(results, kind).length === 0;
  const verdicts = {
    // A draining process ends by itself, at its deadline at the latest: killing it would lose requests.
    live: draining || passes('live'),
    ready: serving && !draining && passes('ready'),
    started: started && passes('startup'),
  };
  const status = (): HealthReport['status'] => {
    if (draining) return 'draining';
    if (!verdicts.live) return 'error';
    if (!verdicts.started || !serving) return 'starting';
    if (!verdicts.ready) return 'error';
    return Object.values(results).some((result) => result.status === 'down') ? 'degraded' : 'ok';
  };
  return { status: status(), ...verdicts };
}

function criticalDown(results: CheckResults, kind: HealthCheckKind): readonly string[] {
  return Object.entries(results)
    .filter(([, result]) => result.kind === kind && result.critical && result.status === 'down')
    .map(([name]) => name);
}
