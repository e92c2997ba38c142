// Any process: the registry of shutdown hooks, and how the hooks of one phase run.
import { setTimeout as delay } from 'node:timers/promises';
import type { ShutdownHook, ShutdownHookOptions, ShutdownPhase } from '../cluster.js';
import { invalidArgument } from '../errors.js';
import type { Logger } from '../logger.js';
import { MAX_TIMER_MS } from '../values/timer-ms.js';

export const SHUTDOWN_PHASES: readonly ShutdownPhase[] = [
  'prepare',
  'connections',
  'application',
  'resources',
  'final',
];

interface Entry {
  readonly hook: ShutdownHook;
  readonly phase: ShutdownPhase;
  readonly name: string;
  readonly timeoutMs: number;
}

export interface ShutdownHooks {
  /**
   * A hook whose phase has begun runs at once, so that what begins in a drain hears of it. Nothing waits for
   * it: under load there would always be another.
   */
  add(hook: ShutdownHook, options?: ShutdownHookOptions): () => void;
  /** Whether a phase has hooks that have not run. */
  has(phase: ShutdownPhase): boolean;
  /**
   * Runs a phase's hooks concurrently, each at most once in the process's life, and resolves when all
   * have ended, have run out of time, or `signal` aborts. Never rejects: failures are logged.
   */
  run(phase: ShutdownPhase, reason: string, signal: AbortSignal): Promise<void>;
}

export function createShutdownHooks(options: {
  readonly hookTimeoutMs: number;
  readonly logger: Logger;
}): ShutdownHooks {
  const entries = new Set<Entry>();
  const begun = new Map<ShutdownPhase, (entry: Entry) => Promise<void>>();

  const runOne = async (entry: Entry, reason: string, signal: AbortSignal): Promise<void> => {
    const { hook, phase, name, timeoutMs } = entry;
    const timeout = new AbortController();
    const expired = delay(timeoutMs, 'expired' as const, {
      signal: AbortSignal.any([timeout.signal, signal]),
    }).catch(() => 'hurried' as const);
    const finished = (async () => {
      await hook({ reason });
      return 'done' as const;
    })();
    try {
      const outcome = await Promise.race([finished, expired]);
      if (outcome !== 'done') {
        const why = outcome === 'expired' ? `did not end within ${timeoutMs} ms` : 'was cut short';
        options.logger.error({ phase, hook: name }, `shutdown hook '${name}' (${phase}) ${why}`);
      }
    } catch (error) {
      options.logger.error(
        { phase, hook: name, err: error },
        `shutdown hook '${name}' (${phase}) failed`,
      );
    } finally {
      timeout.abort();
      // A hook that fails after its time is up has been reported already.
      finished.catch(() => undefined);
    }
  };

  return {
    add(hook, { phase = 'resources', name, timeoutMs = options.hookTimeoutMs } = {}) {
      if (typeof hook !== 'function') {
        throw invalidArgument('cluster.onShutdown(hook)', hook, 'a function');
      }
      if (!SHUTDOWN_PHASES.includes(phase)) {
        throw invalidArgument(
          'cluster.onShutdown(…, { phase })',
          phase,
          `one of ${SHUTDOWN_PHASES.join(', ')}`,
        );
      }
      // NaN is neither.
      if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS)) {
        const expected = `ms above 0, at most ${MAX_TIMER_MS}`;
        throw invalidArgument('cluster.onShutdown(…, { timeoutMs })', timeoutMs, expected);
      }
      const entry: Entry = { hook, phase, timeoutMs, name: name ?? (hook.name || 'anonymous') };
      const runLate = begun.get(phase);
      if (runLate === undefined) entries.add(entry);
      else void runLate(entry);
      return () => void entries.delete(entry);
    },
    has: (phase) => [...entries].some((entry) => entry.phase === phase),
    async run(phase, reason, signal) {
      const due = [...entries].filter((entry) => entry.phase === phase);
      for (const entry of due) entries.delete(entry);
      const runDue = async (entry: Entry): Promise<void> => await runOne(entry, reason, signal);
      begun.set(phase, runDue);
      await Promise.all(due.map(runDue));
    },
  };
}
