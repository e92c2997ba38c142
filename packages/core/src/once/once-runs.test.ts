import { beforeEach, describe, expect, it } from 'vitest';
import { recordProcess } from '../../test/exclusive-parts.js';
import { createUnsteadyBackend, FINE_WEATHER } from '../../test/unsteady-backend.js';
import type { Weather } from '../../test/unsteady-backend.js';
import { createShutdownHooks } from '../lifecycle/shutdown-hooks.js';
import { createStateStore } from '../state/create-state-store.js';
import { createMemoryState } from '../state/memory-state.js';
import type { MemoryState } from '../state/memory-state.js';
import { createOnceRuns } from './once-runs.js';
import { createRunCoordinator } from './run-coordinator.js';

const KEEP_MS = 60_000;
let memory: MemoryState;

beforeEach(() => {
  memory = createMemoryState();
});

function startProcess(loses: Weather['loses'] = () => undefined): ReturnType<typeof recordProcess> {
  const backend = createUnsteadyBackend(memory.open(), { ...FINE_WEATHER, loses });
  return recordProcess(createStateStore(backend));
}

/** Loses the first of the calls that claim something. */
function losesFirst(what: 'call' | 'answer'): Weather['loses'] {
  let calls = 0;
  return () => ((calls += 1) === 1 ? what : undefined);
}

describe('runs that are done once', () => {
  it('are one process’s of all that ask, each key for itself', async () => {
    const all = Array.from({ length: 4 }, () => createOnceRuns({ cluster: startProcess() }));
    for (const key of ['job:12:00', 'job:12:01']) {
      const asked = await Promise.all(all.map(async (runs) => await runs.begin(key, KEEP_MS)));
      expect(asked.filter((run) => run !== undefined)).toHaveLength(1);
    }
    // Who comes late gets nothing, also when the run has ended.
    expect(await all[0]?.begin('job:12:00', KEEP_MS)).toBeUndefined();
  });

  it.each(['call', 'answer'] as const)('are not lost with the first %s', async (what) => {
    const runs = createOnceRuns({ cluster: startProcess(losesFirst(what)) });
    expect(await runs.begin('job:12:00', KEEP_MS)).toBeDefined();
    const others = createOnceRuns({ cluster: startProcess() });
    expect(await others.begin('job:12:00', KEEP_MS)).toBeUndefined();
  });

  it('are nobody’s while the state is away', async () => {
    const runs = createOnceRuns({ cluster: startProcess(() => 'call') });
    await expect(runs.begin('job:12:00', KEEP_MS)).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
    });
  });

  it('make a shutdown wait for their end, and are refused from its beginning', async () => {
    const process = startProcess();
    const runs = createOnceRuns({ cluster: process });
    const run = await runs.begin('job:12:00', KEEP_MS);
    let hasShutDown = false;
    const shutdown = process.shutDown().then(() => void (hasShutDown = true));
    expect(await runs.begin('job:12:01', KEEP_MS)).toBeUndefined();
    expect(hasShutDown).toBe(false);
    run?.end();
    await shutdown;
    const others = createOnceRuns({ cluster: startProcess() });
    expect(await others.begin('job:12:01', KEEP_MS)).toBeDefined();
  });
});

describe('a process that has drained before it asked for a run', () => {
  it('gets none', async () => {
    const { logger } = startProcess();
    const hooks = createShutdownHooks({ hookTimeoutMs: 60_000, logger });
    const cluster = { state: createStateStore(memory.open()), onShutdown: hooks.add };
    await hooks.run('prepare', 'SIGTERM', new AbortController().signal);
    const runs = createOnceRuns({ cluster });
    expect(await runs.begin('job:12:00', KEEP_MS)).toBeUndefined();
    const others = createOnceRuns({ cluster: startProcess() });
    expect(await others.begin('job:12:00', KEEP_MS)).toBeDefined();
  });
});

describe('a run that is asked for when a shutdown begins', () => {
  it('is done before the shutdown goes on', async () => {
    const process = startProcess();
    const asked = createOnceRuns({ cluster: process }).begin('job:12:00', KEEP_MS);
    let hasShutDown = false;
    const shutdown = process.shutDown().then(() => void (hasShutDown = true));
    const run = await asked;
    expect(run).toBeDefined();
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasShutDown).toBe(false);
    run?.end();
    await shutdown;
  });

  it('does not hold it when another process has it', async () => {
    const others = createOnceRuns({ cluster: startProcess() });
    await others.begin('job:12:00', KEEP_MS);
    const process = startProcess();
    const asked = createOnceRuns({ cluster: process }).begin('job:12:00', KEEP_MS);
    await process.shutDown();
    expect(await asked).toBeUndefined();
  });
});

describe('the run coordinator of node-cron', () => {
  it('lets one process run, and its shutdown wait until the run is complete', async () => {
    const [first, second] = [startProcess(), startProcess()];
    const [one, other] = [first, second].map((cluster) => createRunCoordinator({ cluster }));
    expect(await one?.shouldRun('job:12:00', 30_000)).toBe(true);
    expect(await other?.shouldRun('job:12:00', 30_000)).toBe(false);
    const hooks = first.hooks.size;
    one?.onComplete('job:12:00');
    expect(first.hooks.size).toBe(hooks - 1);
    other?.onComplete('never begun');
    expect(await other?.shouldRun('job:12:00', 30_000)).toBe(false);
  });

  it('may keep what was done in a state of its own', async () => {
    const state = createStateStore(memory.open());
    expect(await createRunCoordinator({ state }).shouldRun('job:12:00', 1)).toBe(true);
    expect(await createRunCoordinator({ state }).shouldRun('job:12:00', 1)).toBe(false);
  });

  it('refuses unknown options', () => {
    expect(() => createRunCoordinator({ store: 1 } as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
