// Worker or single process: the ordered shutdown of a process that serves. Read top-down.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ShutdownHooks } from '../lifecycle/shutdown-hooks.js';
import type { ServerRegistry } from './server-registry.js';

/** The share of `drainTimeoutMs` that connections get; the hooks after HTTP get the rest. */
const CONNECTIONS_SHARE = 0.8;

export interface DrainRequest {
  readonly reason: string;
  /**
   * Whether to go on accepting for `readinessDelayMs`, so that load balancers notice: when the whole
   * cluster leaves. One worker among others has its connections taken over at once.
   */
  readonly keepAccepting: boolean;
}

export interface DrainOptions {
  readonly drainTimeoutMs: number;
  readonly readinessDelayMs: number;
  readonly idleGraceMs: number;
}

export interface DrainParts {
  readonly registry: ServerRegistry;
  /** Resolves when no more connections can come to listeners that have closed. */
  readonly connectionsSettled: () => Promise<void>;
  /** From now on the clients that were to stay with this process go to others. */
  readonly letClientsGo: () => void;
  readonly hooks: ShutdownHooks;
  /** Aborted when the listeners are closed: `cluster.signal`. */
  readonly draining: AbortController;
  /** Aborted from outside to skip to the end. */
  readonly hurry: AbortSignal;
}

/**
 * Drains without losing a request: announce, stop accepting, let clients finish, close what idles, and
 * only then let go of the app's resources. Never rejects.
 *
 * @returns how many connections had to be cut at the deadline
 */
export async function drain(
  { reason, keepAccepting }: DrainRequest,
  options: DrainOptions,
  { registry, connectionsSettled, letClientsGo, hooks, draining, hurry }: DrainParts,
): Promise<{ readonly cutConnections: number }> {
  // The deadlines start before any code of the app runs.
  const end = endsAfter(options.drainTimeoutMs, hurry);
  const connectionsEnd = endsAfter(Math.ceil(options.drainTimeoutMs * CONNECTIONS_SHARE), end);

  registry.askClientsToLeave();
  await Promise.all([
    hooks.run('prepare', reason, connectionsEnd),
    keepAccepting ? sleep(options.readinessDelayMs, connectionsEnd) : undefined,
  ]);

  registry.stopAccepting();
  draining.abort(reason);
  const allClosed = async (): Promise<void> =>
    await Promise.race([connectionsSettled(), aborted(connectionsEnd)])
      .then(async () => await registry.drained(options.idleGraceMs, connectionsEnd))
      .catch(() => undefined);
  const drained = allClosed();
  const endsSessions = hooks.has('connections');
  await hooks.run('connections', reason, connectionsEnd);
  // The app has closed its clients' sessions: when they connect again, they are not to come back here.
  if (endsSessions) letClientsGo();
  await Promise.race([drained, sleep(options.idleGraceMs, connectionsEnd)]);
  registry.endLongLived();
  await drained;
  letClientsGo();
  await allClosed();
  const cutConnections = registry.destroyAll();

  for (const phase of ['application', 'resources', 'final'] as const) {
    if (end.aborted) break;
    await hooks.run(phase, reason, end);
  }
  return { cutConnections };
}

/**
 * Aborts with `parent`, and after `ms` at the latest. By hand, because Node 20 may forget what
 * `AbortSignal.any()` has made of an `AbortSignal.timeout()` when it collects garbage.
 */
function endsAfter(ms: number, parent: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  setTimeout(abort, ms).unref();
  if (parent.aborted) abort();
  else parent.addEventListener('abort', abort);
  return controller.signal;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => undefined);
}
