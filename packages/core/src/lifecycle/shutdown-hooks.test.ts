import { describe, expect, it } from 'vitest';
import { createLogRecorder, watch } from '../../test/simulated-cluster.js';
import type { LogLine } from '../../test/simulated-cluster.js';
import type { ShutdownHookOptions } from '../cluster.js';
import { deferred } from '../deferred.js';
import { createShutdownHooks, SHUTDOWN_PHASES } from './shutdown-hooks.js';
import type { ShutdownHooks } from './shutdown-hooks.js';

const NEVER = new AbortController().signal;

function setUp(hookTimeoutMs = 60_000): { hooks: ShutdownHooks; lines: LogLine[] } {
  const { logger, lines } = createLogRecorder();
  return { hooks: createShutdownHooks({ hookTimeoutMs, logger }), lines };
}

/** What can go on without the test has gone on when this resolves. */
async function nextTurn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

const hang = async (): Promise<never> => await new Promise<never>(() => undefined);

describe('shutdown hooks', () => {
  it('run in their phases, with the reason; resources by default', async () => {
    const { hooks } = setUp();
    const ran: string[] = [];
    for (const phase of SHUTDOWN_PHASES) {
      hooks.add(({ reason }) => void ran.push(`${phase} ${reason}`), { phase });
    }
    hooks.add(() => void ran.push('default'));
    for (const phase of SHUTDOWN_PHASES) {
      ran.push(`(${phase})`);
      await hooks.run(phase, 'SIGTERM', NEVER);
    }
    expect(ran).toEqual([
      '(prepare)',
      'prepare SIGTERM',
      '(connections)',
      'connections SIGTERM',
      '(application)',
      'application SIGTERM',
      '(resources)',
      'resources SIGTERM',
      'default',
      '(final)',
      'final SIGTERM',
    ]);
  });

  it('run at most once', async () => {
    const { hooks } = setUp();
    let runs = 0;
    hooks.add(() => void (runs += 1));
    await Promise.all([hooks.run('resources', 'x', NEVER), hooks.run('resources', 'x', NEVER)]);
    await hooks.run('resources', 'x', NEVER);
    expect(runs).toBe(1);
  });

  it('can be taken away, each by itself', async () => {
    const { hooks } = setUp();
    const ran: string[] = [];
    const hook = (): void => void ran.push('same');
    const remove = hooks.add(hook);
    hooks.add(hook);
    remove();
    remove();
    await hooks.run('resources', 'x', NEVER);
    expect(ran).toEqual(['same']);
  });

  it('of one phase run together, and are all waited for', async () => {
    const { hooks } = setUp();
    const slow = deferred<void>();
    const other = deferred<void>();
    hooks.add(async () => await slow.promise);
    hooks.add(() => other.resolve());
    const run = watch(hooks.run('resources', 'x', NEVER));
    await other.promise;
    await nextTurn();
    expect(run.outcome.state).toBe('pending');
    slow.resolve();
    await nextTurn();
    expect(run.outcome.state).toBe('resolved');
  });

  it('that are added when their phase has begun run at once, and are not waited for', async () => {
    const { hooks } = setUp();
    const first = deferred<void>();
    hooks.add(async () => await first.promise);
    const run = hooks.run('resources', 'SIGTERM', NEVER);
    const reasons: string[] = [];
    const late = async ({ reason }: { reason: string }): Promise<void> => {
      reasons.push(reason);
      await hang();
    };
    hooks.add(late);
    expect(reasons).toEqual(['SIGTERM']);
    first.resolve();
    await run;
    hooks.add(late);
    expect(reasons).toEqual(['SIGTERM', 'SIGTERM']);
  });

  it('that fail, at once or later, are reported by name and stop no other', async () => {
    const { hooks, lines } = setUp();
    const error = new Error('no');
    let ran = false;
    hooks.add(
      function closeDatabase() {
        throw error;
      },
      { phase: 'final' },
    );
    hooks.add(async () => await Promise.reject(error), { phase: 'final', name: 'queue' });
    hooks.add(
      () => {
        throw error;
      },
      { phase: 'final' },
    );
    hooks.add(() => void (ran = true), { phase: 'final' });
    await hooks.run('final', 'x', NEVER);
    expect(ran).toBe(true);
    const line = (name: string): LogLine => ({
      level: 'error',
      details: { phase: 'final', hook: name, err: error },
      message: `shutdown hook '${name}' (final) failed`,
    });
    expect(lines).toHaveLength(3);
    for (const name of ['closeDatabase', 'queue', 'anonymous']) {
      expect(lines).toContainEqual(line(name));
    }
  });

  it('that hang are given up after their time, or that of all', async () => {
    const { hooks, lines } = setUp(20);
    hooks.add(hang, { name: 'a' });
    hooks.add(hang, { name: 'b', timeoutMs: 5 });
    await hooks.run('resources', 'x', NEVER);
    expect(lines.map(({ message }) => message)).toEqual([
      "shutdown hook 'b' (resources) did not end within 5 ms",
      "shutdown hook 'a' (resources) did not end within 20 ms",
    ]);
  });

  it('are cut short when the shutdown is hurried', async () => {
    const { hooks, lines } = setUp();
    const hurry = new AbortController();
    hooks.add(hang, { name: 'slow' });
    const run = hooks.run('resources', 'x', hurry.signal);
    hurry.abort();
    await run;
    expect(lines.map(({ message }) => message)).toEqual([
      "shutdown hook 'slow' (resources) was cut short",
    ]);
  });

  it('that fail after their time is up are no unhandled rejection', async () => {
    const { hooks, lines } = setUp();
    const hurry = new AbortController();
    let failLate = (): void => undefined;
    hooks.add(
      async () =>
        await new Promise<void>((_, reject) => {
          failLate = () => reject(new Error('late'));
        }),
    );
    const run = hooks.run('resources', 'x', hurry.signal);
    hurry.abort();
    await run;
    failLate();
    await nextTurn();
    expect(lines).toHaveLength(1);
  });

  it.each([
    [3, {}, 'cluster.onShutdown(hook): got 3; expected a function'],
    [
      hang,
      { phase: 'later' },
      'cluster.onShutdown(…, { phase }): got "later"; expected one of prepare, connections, application, resources, final',
    ],
    [
      hang,
      { timeoutMs: 0 },
      'cluster.onShutdown(…, { timeoutMs }): got 0; expected ms above 0, at most 2147483647',
    ],
    [
      hang,
      { timeoutMs: 2 ** 31 },
      'cluster.onShutdown(…, { timeoutMs }): got 2147483648; expected ms above 0, at most 2147483647',
    ],
  ])('are checked when they are registered: %j %j', (hook, options, message) => {
    const { hooks } = setUp();
    const add = (): unknown => hooks.add(hook as () => void, options as ShutdownHookOptions);
    expect(add).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message }) as Error,
    );
  });
});
