// Test process: what work that runs once needs of a process, for unit tests: a logger that remembers, and hooks.
import type { ShutdownHook } from '../src/cluster.js';
import { createDefaultLogger } from '../src/logger.js';
import type { ExclusiveWorkParts } from '../src/once/create-exclusive-work.js';
import type { StateStore } from '../src/state/state-store.js';

export interface RecordedProcess extends ExclusiveWorkParts {
  /** The codes of what was logged as an error. */
  readonly errorCodes: string[];
  /** The hooks that would run in a shutdown now. */
  readonly hooks: Set<ShutdownHook>;
  shutDown(): Promise<void>;
}

export function recordProcess(state: StateStore): RecordedProcess {
  const errorCodes: string[] = [];
  const hooks = new Set<ShutdownHook>();
  return {
    state,
    errorCodes,
    hooks,
    logger: {
      ...createDefaultLogger('silent'),
      info: () => undefined,
      warn: () => undefined,
      error(details: object | string) {
        const error: unknown =
          typeof details === 'object' ? Reflect.get(details, 'err') : undefined;
        errorCodes.push(String(Reflect.get(Object(error), 'code') ?? error));
      },
    },
    onShutdown(hook) {
      hooks.add(hook);
      return () => void hooks.delete(hook);
    },
    async shutDown() {
      await Promise.all([...hooks].map(async (hook) => await hook({ reason: 'test' })));
    },
  };
}
