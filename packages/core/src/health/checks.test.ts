import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Logger } from '../logger.js';
import { createChecks } from './checks.js';
import type { CheckClock, Checks } from './checks.js';
import type { HealthCheck, HealthCheckOptions } from './health.js';

interface Line {
  readonly level: string;
  readonly details: object;
  readonly message: string;
}

function recordingLogger(): { readonly logger: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const method =
    (level: string): Logger['info'] =>
    (details: object | string, message?: string) =>
      void lines.push(
        typeof details === 'string'
          ? { level, details: {}, message: details }
          : { level, details, message: message ?? '' },
      );
  const logger: Logger = {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
    child: () => logger,
  };
  return { logger, lines };
}

/** Time passes only when told to. */
function manualClock(): CheckClock & { advance(byMs: number): void; pending(): number } {
  let nowMs = 0;
  const timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>();
  return {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { dueMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(byMs) {
      nowMs += byMs;
      for (const timer of timers) {
        if (timer.dueMs > nowMs) continue;
        timers.delete(timer);
        timer.callback();
      }
    },
    pending: () => timers.size,
  };
}

function setUp(): {
  checks: Checks;
  clock: ReturnType<typeof manualClock>;
  lines: Line[];
} {
  const clock = manualClock();
  const { logger, lines } = recordingLogger();
  return { checks: createChecks({ logger, clock }), clock, lines };
}

/** Lets every promise that can settle now settle. */
const settle = async (): Promise<void> =>
  await new Promise((resolve) => {
    setImmediate(resolve);
  });

describe('a check', () => {
  it('passes by returning, and shows a plain object it returned', async () => {
    const { checks, clock } = setUp();
    checks.add('db', async () => {
      await settle();
      clock.advance(5);
      return { connections: 3 };
    });
    checks.add('cache', () => 'fine', { kind: 'live', critical: false });
    expect(await checks.run(['live', 'ready'])).toEqual({
      db: {
        status: 'up',
        kind: 'ready',
        critical: true,
        durationMs: 5,
        details: { connections: 3 },
      },
      cache: { status: 'up', kind: 'live', critical: false, durationMs: 0 },
    });
  });

  it('runs only when its kind is asked for', async () => {
    const { checks } = setUp();
    let runs = 0;
    checks.add('db', () => void (runs += 1), { kind: 'ready' });
    expect(await checks.run(['live', 'startup'])).toEqual({});
    expect(runs).toBe(0);
  });

  const revoked = (): object => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const thrown: readonly [string, unknown][] = [
    ['an error', new Error('password=hunter2')],
    ['a string', 'password=hunter2'],
    ['undefined', undefined],
    ['null', null],
    ['a symbol', Symbol('odd')],
    ['an object without prototype', Object.create(null)],
    ['a revoked proxy', revoked()],
  ];
  it.each(thrown)(
    'fails by throwing or rejecting with %s; only the log says why',
    async (_, error) => {
      const { checks, lines } = setUp();
      checks.add('sync', () => {
        throw error;
      });
      checks.add('async', async () => {
        await settle();
        throw error;
      });
      const results = await checks.run(['ready']);
      const down = {
        status: 'down',
        kind: 'ready',
        critical: true,
        durationMs: 0,
        reason: 'failed',
      };
      expect(results).toEqual({ sync: down, async: down });
      expect(lines.map(({ level, message }) => [level, message])).toEqual([
        ['warn', "health check 'sync' failed"],
        ['warn', "health check 'async' failed"],
      ]);
    },
  );

  it('gives the error itself to the logger', async () => {
    const { checks, lines } = setUp();
    const error = new Error('boom');
    checks.add('db', () => Promise.reject(error));
    await checks.run(['ready']);
    expect(lines[0]?.details).toEqual({ check: 'db', kind: 'ready', err: error });
  });

  it('survives a logger that cannot read the error', async () => {
    const { logger, lines } = recordingLogger();
    const warn = logger.warn;
    const picky: Logger = {
      ...logger,
      warn: (details: object | string, message?: string) => {
        if (typeof details === 'object' && 'err' in details) throw new Error('unreadable');
        warn(details as object, message);
      },
    };
    const checks = createChecks({ logger: picky, clock: manualClock() });
    checks.add('db', () => Promise.reject(new Error('boom')));
    expect((await checks.run(['ready']))['db']?.status).toBe('down');
    expect(lines).toHaveLength(1);
  });

  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  const odd: readonly [string, unknown][] = [
    ['a circular object', circular],
    ['a BigInt inside', { big: 1n }],
    [
      'a getter that throws',
      Object.defineProperty({}, 'a', {
        enumerable: true,
        get: () => {
          throw new Error('no');
        },
      }),
    ],
    [
      'toJSON that throws',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
    ['toJSON of something else', { toJSON: () => 7 }],
    ['an array', [1]],
    ['a class', new Map()],
    ['a function', () => undefined],
    ['a revoked proxy inside', { inner: revoked() }],
  ];
  it.each(odd)('passes without details when it returns %s', async (_, value) => {
    const { checks } = setUp();
    checks.add('odd', () => value);
    expect(await checks.run(['ready'])).toEqual({
      odd: { status: 'up', kind: 'ready', critical: true, durationMs: 0 },
    });
  });

  it('shows details as they were, whatever becomes of the object', async () => {
    const { checks } = setUp();
    const details = { count: 1 };
    checks.add('db', () => details);
    await checks.run(['ready']);
    details.count = 2;
    expect((await checks.run(['ready']))['db']?.details).toEqual({ count: 1 });
  });

  it('is down after its timeout, its signal aborted, however it ends later', async () => {
    const { checks, clock, lines } = setUp();
    let signal: AbortSignal | undefined;
    let fail: (error: Error) => void = () => undefined;
    checks.add(
      'hangs',
      (context) => {
        ({ signal } = context);
        return new Promise((_, reject) => {
          fail = reject;
        });
      },
      { timeoutMs: 50 },
    );
    const running = checks.run(['ready']);
    expect(signal?.aborted).toBe(false);
    clock.advance(50);
    expect(await running).toEqual({
      hangs: { status: 'down', kind: 'ready', critical: true, durationMs: 50, reason: 'timeout' },
    });
    expect(signal?.aborted).toBe(true);
    fail(new Error('too late'));
    await settle();
    expect(lines.map(({ message }) => message)).toEqual([
      "health check 'hangs' did not end within 50 ms",
    ]);
  });

  it('that heeds its signal is down because of the timeout, not of what it throws then', async () => {
    const { checks, clock } = setUp();
    checks.add(
      'heeds',
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
      { timeoutMs: 50 },
    );
    const running = checks.run(['ready']);
    clock.advance(50);
    expect((await running)['heeds']?.reason).toBe('timeout');
  });

  it('that hung is tried again once its result is stale', async () => {
    const { checks, clock } = setUp();
    let runs = 0;
    checks.add('flaky', () => ((runs += 1) === 1 ? new Promise(() => undefined) : undefined), {
      timeoutMs: 50,
      cacheMs: 10,
    });
    const first = checks.run(['ready']);
    clock.advance(50);
    expect((await first)['flaky']?.status).toBe('down');
    clock.advance(10);
    expect((await checks.run(['ready']))['flaky']?.status).toBe('up');
  });

  it('is logged when it goes down and comes back, not each time', async () => {
    const { checks, clock, lines } = setUp();
    let up = false;
    checks.add('db', () => (up ? undefined : Promise.reject(new Error('down'))), { cacheMs: 0 });
    await checks.run(['ready']);
    clock.advance(1);
    await checks.run(['ready']);
    up = true;
    await checks.run(['ready']);
    await checks.run(['ready']);
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'debug', 'info']);
  });

  it('leaves no timer and no listener behind', async () => {
    const { checks, clock } = setUp();
    let signal: AbortSignal | undefined;
    checks.add('db', (context) => void ({ signal } = context));
    await checks.run(['ready']);
    expect(clock.pending()).toBe(0);
    expect(signal && getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('removing', () => {
  it('takes a check out, running or not, and frees its name', async () => {
    const { checks } = setUp();
    let signal: AbortSignal | undefined;
    const remove = checks.add('db', (context) => {
      ({ signal } = context);
      return new Promise(() => undefined);
    });
    const running = checks.run(['ready']);
    remove();
    expect(signal?.aborted).toBe(true);
    expect(await running).toEqual({});
    checks.add('db', () => undefined);
    // The first check is gone already: removing it again must not take the second.
    remove();
    expect(Object.keys(await checks.run(['ready']))).toEqual(['db']);
  });

  it('holds even when one check removes the next while both begin', async () => {
    const { checks } = setUp();
    checks.add('first', () => removeSecond());
    const removeSecond = checks.add('second', () => {
      throw new Error('must not run');
    });
    expect(Object.keys(await checks.run(['ready']))).toEqual(['first']);
  });

  it('by close() takes all', async () => {
    const { checks, clock } = setUp();
    checks.add('a', () => new Promise(() => undefined));
    checks.add('b', () => undefined);
    const running = checks.run(['ready']);
    checks.close();
    checks.close();
    expect(await running).toEqual({});
    expect(await checks.run(['ready'])).toEqual({});
    expect(clock.pending()).toBe(0);
  });
});

describe('wrong arguments', () => {
  const ok: HealthCheck = () => undefined;
  const wrong: readonly [string, unknown, unknown, unknown, RegExp][] = [
    ['an empty name', '', ok, {}, /addCheck\(name\): got ""/],
    ['a name of two lines', 'a\nb', ok, {}, /one line/],
    ['a name that is no text', 7, ok, {}, /got 7/],
    ['no function', 'db', 'ping', {}, /got "ping"; expected a function/],
    ['options that are no object', 'db', ok, 'live', /got "live"; expected an object/],
    [
      'an unknown kind',
      'db',
      ok,
      { kind: 'alive' },
      /\{ kind \}\): got "alive"; expected one of live, ready, startup/,
    ],
    ['a timeout of 0', 'db', ok, { timeoutMs: 0 }, /\{ timeoutMs \}\): got 0/],
    ['a timeout that is NaN', 'db', ok, { timeoutMs: Number.NaN }, /timeoutMs/],
    ['a timeout longer than timers go', 'db', ok, { timeoutMs: 2 ** 31 }, /timeoutMs/],
    ['a negative cache', 'db', ok, { cacheMs: -1 }, /cacheMs/],
    ['a criticality that is no boolean', 'db', ok, { critical: 'yes' }, /critical/],
    ['a taken name', 'taken', ok, {}, /got "taken"; expected a name that no other check has/],
  ];
  it.each(wrong)('%s is refused', (_, name, check, options, message) => {
    const { checks } = setUp();
    checks.add('taken', ok);
    const add = (): unknown =>
      checks.add(name as string, check as HealthCheck, options as HealthCheckOptions);
    expect(add).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
    expect(add).toThrow(message);
  });
});

describe('single-flight and cache', () => {
  type Step =
    | { readonly do: 'ask' }
    | { readonly do: 'pass' | 'fail' }
    | { readonly do: 'wait'; readonly ms: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.constant<Step>({ do: 'ask' }),
    fc.constantFrom<Step>({ do: 'pass' }, { do: 'fail' }),
    fc.integer({ min: 1, max: 40 }).map((ms): Step => ({ do: 'wait', ms })),
  );

  it('hold for any order of questions, outcomes and waits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 60 }),
        async (steps, timeoutMs, cacheMs) => {
          const { checks, clock } = setUp();
          const asked: Promise<unknown>[] = [];
          // The run a model of the rules says is in progress, and when the last one ended.
          let model: { startedMs: number; settleCheck: (passed: boolean) => void } | undefined;
          let endedMs = -Infinity;
          let lastStatus: 'up' | 'down' | undefined;
          let runs = 0;
          // Not expected on the spot: what a check throws never leaves it.
          const brokenRules: string[] = [];
          checks.add(
            'db',
            () =>
              new Promise<void>((resolve, reject) => {
                runs += 1;
                if (model !== undefined) brokenRules.push('ran twice at once');
                if (clock.nowMs() - endedMs < cacheMs) brokenRules.push('ran while cached');
                model = {
                  startedMs: clock.nowMs(),
                  settleCheck: (passed) => (passed ? resolve() : reject(new Error('down'))),
                };
              }),
            { timeoutMs, cacheMs },
          );
          const ended = (status: 'up' | 'down'): void => {
            model = undefined;
            endedMs = clock.nowMs();
            lastStatus = status;
          };
          for (const current of steps) {
            switch (current.do) {
              case 'ask': {
                const fresh = clock.nowMs() - endedMs < cacheMs;
                const runsBefore = runs;
                const inFlight = model !== undefined;
                asked.push(
                  checks.run(['ready']).then((results) => {
                    const status = results['db']?.status;
                    if (status !== lastStatus)
                      brokenRules.push(`told ${status}, not ${lastStatus}`);
                  }),
                );
                if (runs - runsBefore !== (fresh || inFlight ? 0 : 1)) {
                  brokenRules.push(`${runs - runsBefore} runs for a question`);
                }
                break;
              }
              case 'pass':
              case 'fail':
                if (model === undefined) break;
                model.settleCheck(current.do === 'pass');
                ended(current.do === 'pass' ? 'up' : 'down');
                break;
              case 'wait': {
                const timesOut =
                  model !== undefined && clock.nowMs() + current.ms >= model.startedMs + timeoutMs;
                clock.advance(current.ms);
                if (timesOut) ended('down');
                break;
              }
              default:
                current satisfies never;
            }
            await settle();
          }
          clock.advance(timeoutMs);
          if (model !== undefined) ended('down');
          await Promise.all(asked);
          expect(brokenRules).toEqual([]);
          expect(clock.pending()).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});
