import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorralError } from './errors.js';
import { createFileLogger } from './logger.js';
import { resolveOptions } from './options.js';
import type { BootstrapOptions } from './bootstrap-options.js';
import type { OptionDefaults } from './options.js';

const ON_A_MACHINE: OptionDefaults = { inContainer: false, onKubernetes: false };
const DAY_MS = 86_400_000;

const resolve = (options: unknown, defaults = ON_A_MACHINE): ReturnType<typeof resolveOptions> =>
  resolveOptions(options, defaults);

/** What is wrong with options: the lines of the message, without its first. */
function complaints(options: unknown, defaults = ON_A_MACHINE): string[] {
  try {
    resolve(options, defaults);
  } catch (error) {
    expect(error).toBeInstanceOf(CorralError);
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS' });
    const [first, ...lines] = (error as CorralError).message.split('\n');
    expect(first).toBe('bootstrap() was given wrong options; nothing was started:');
    return lines.map((line) => line.trim());
  }
  return [];
}

describe('options that are not given', () => {
  it('have their defaults', () => {
    expect(resolve({})).toEqual({
      workers: 'auto',
      scaling: {
        upRatio: 0.7,
        upAfterMs: 10_000,
        downRatio: 0.3,
        downAfterMs: 60_000,
        coolDownMs: 30_000,
      },
      memoryPerWorkerBytes: 134_217_728,
      balance: 'auto',
      readiness: 'auto',
      bootTimeoutMs: 30_000,
      heartbeatMs: 1_000,
      stallMs: 5_000,
      stallKillMs: 30_000,
      minUptimeMs: 1_000,
      drainTimeoutMs: 25_000,
      readinessDelayMs: 0,
      idleGraceMs: 1_000,
      hookTimeoutMs: 5_000,
      maxRssBytes: undefined,
      maxRequests: undefined,
      maxAgeMs: undefined,
      threadPoolSize: undefined,
      envFiles: [],
      restart: {
        intensity: undefined,
        periodMs: 60_000,
        minDelayMs: 100,
        maxDelayMs: 15_000,
        onExhausted: 'keep-trying',
      },
      offload: { threads: undefined },
      admin: undefined,
      logger: undefined,
      config: undefined,
      state: {
        maxEntries: 1_000_000,
        maxBytes: 268_435_456,
        maxValueBytes: 1_048_576,
        onFull: 'reject',
        timeoutMs: 5_000,
        snapshotFile: undefined,
        snapshotIntervalMs: 60_000,
      },
    });
  });

  it('have them, too, when they are undefined', () => {
    const everyKey = Object.keys(resolve({})).map((key) => [key, undefined]);
    expect(resolve(Object.fromEntries(everyKey))).toEqual(resolve({}));
    const restart = { intensity: undefined, periodMs: undefined, minDelayMs: 5 };
    expect(resolve({ restart }).restart).toEqual({ ...resolve({}).restart, minDelayMs: 5 });
    expect(resolve({ scaling: { upRatio: undefined } }).scaling).toEqual(resolve({}).scaling);
  });

  it('depend on containers and Kubernetes', () => {
    const container = resolve({}, { inContainer: true, onKubernetes: false });
    expect(container.restart.onExhausted).toBe('exit');
    expect(container.readinessDelayMs).toBe(0);
    const kubernetes = resolve({}, { inContainer: true, onKubernetes: true });
    expect(kubernetes.readinessDelayMs).toBe(5_000);
    const given = resolve(
      { readinessDelayMs: 7, restart: { onExhausted: 'keep-trying' } },
      { inContainer: true, onKubernetes: true },
    );
    expect([given.readinessDelayMs, given.restart.onExhausted]).toEqual([7, 'keep-trying']);
  });

  it.each([
    [{ stallMs: 100 }, { heartbeatMs: 50, stallKillMs: 30_000 }],
    [{ stallMs: 50 }, { heartbeatMs: 25 }],
    [{ stallMs: 0 }, { heartbeatMs: 1_000, stallMs: 0 }],
    [{ stallMs: 60_000 }, { heartbeatMs: 1_000, stallKillMs: 60_000 }],
    [
      { admin: { port: 0 } },
      { admin: { port: 0, host: '127.0.0.1', minReady: 1, configWrites: false } },
    ],
  ])('follow from what is given: %j', (options, expected) => {
    expect(resolve(options)).toMatchObject(expected);
  });

  it('do not conflict with what is given, wherever the program runs', () => {
    const onKubernetes = { inContainer: true, onKubernetes: true };
    expect(resolve({ drainTimeoutMs: 3_000 }, onKubernetes).readinessDelayMs).toBe(1_500);
    expect(resolve({ drainTimeoutMs: 1 }, onKubernetes).readinessDelayMs).toBe(0);
  });
});

describe('an option within its bounds is taken', () => {
  const taken: readonly BootstrapOptions[] = [
    ...(['auto', 0, 1, 1_024, { min: 1, max: 1 }, { min: 2, max: 1_024 }] as const).map(
      (workers) => ({ workers }),
    ),
    ...(['auto', 'slots', 'round-robin', 'sticky'] as const).map((balance) => ({ balance })),
    { readiness: 'manual' },
    { memoryPerWorkerBytes: 1 },
    { bootTimeoutMs: 1 },
    { bootTimeoutMs: DAY_MS },
    { heartbeatMs: 10 },
    { heartbeatMs: 2_500 },
    { stallMs: 0, heartbeatMs: DAY_MS },
    { stallMs: 50, stallKillMs: 50 },
    { stallMs: DAY_MS, stallKillMs: DAY_MS },
    { minUptimeMs: 0 },
    { drainTimeoutMs: 1 },
    { drainTimeoutMs: 4_000, readinessDelayMs: 4_000 },
    { idleGraceMs: 0 },
    { hookTimeoutMs: 1 },
    { maxRssBytes: 1 },
    { maxRequests: Number.MAX_SAFE_INTEGER },
    { maxAgeMs: 2_147_483_647 },
    { threadPoolSize: 1 },
    { threadPoolSize: 1_024 },
    { envFiles: ['.env', '/etc/app.env'] },
    { scaling: { upRatio: 1, downRatio: 0, upAfterMs: 0, downAfterMs: 0, coolDownMs: 0 } },
    { restart: { intensity: 0, periodMs: 1, minDelayMs: 0, maxDelayMs: 0 } },
    { restart: { intensity: 1_000_000, onExhausted: 'exit' } },
    { admin: { port: 65_535, host: '::', minReady: 1_024, configWrites: false } },
  ];
  it.each(taken)('%j', (options) => {
    expect(resolve(options)).toMatchObject(options);
  });
});

describe('an option that is wrong is named with its value and what was expected', () => {
  const workers = "'auto', a whole number, 0…1024, or { min, max } of whole numbers, 1…1024";
  const stall = '0 (off) or ms, 50…86400000';
  it.each([
    [{ workers: -1 }, 'options.workers: got -1; expected at least 0'],
    [{ workers: 1_025 }, 'options.workers: got 1025; expected at most 1024'],
    [{ workers: 'all' }, `options.workers: got "all"; expected ${workers}`],
    [{ workers: 1.5 }, `options.workers: got 1.5; expected ${workers}`],
    [{ workers: null }, `options.workers: got null; expected ${workers}`],
    [{ workers: { min: 0, max: 2 } }, 'options.workers.min: got 0; expected at least 1'],
    [{ workers: { min: 1 } }, `options.workers: got {"min":1}; expected ${workers}`],
    [{ memoryPerWorkerBytes: 0 }, 'options.memoryPerWorkerBytes: got 0; expected at least 1'],
    [
      { memoryPerWorkerBytes: '1g' },
      'options.memoryPerWorkerBytes: got "1g"; expected a whole number of bytes, at least 1',
    ],
    [
      { balance: 'random' },
      'options.balance: got "random"; expected one of "auto", "slots", "round-robin", "sticky"',
    ],
    [{ readiness: true }, 'options.readiness: got true; expected one of "auto", "manual"'],
    [{ bootTimeoutMs: 0 }, 'options.bootTimeoutMs: got 0; expected at least 1'],
    [
      { bootTimeoutMs: DAY_MS + 1 },
      'options.bootTimeoutMs: got 86400001; expected at most 86400000',
    ],
    [
      { bootTimeoutMs: 1.5 },
      'options.bootTimeoutMs: got 1.5; expected a whole number of ms, 1…86400000',
    ],
    [
      { bootTimeoutMs: Infinity },
      'options.bootTimeoutMs: got Infinity; expected a whole number of ms, 1…86400000',
    ],
    [
      { bootTimeoutMs: Number.NaN },
      'options.bootTimeoutMs: got NaN; expected a whole number of ms, 1…86400000',
    ],
    [{ heartbeatMs: 9 }, 'options.heartbeatMs: got 9; expected at least 10'],
    [{ stallMs: 49 }, 'options.stallMs: got 49; expected at least 50'],
    [{ stallMs: -1 }, 'options.stallMs: got -1; expected at least 50'],
    [{ stallMs: Number.NaN }, `options.stallMs: got NaN; expected ${stall}`],
    [{ stallMs: 1e9 }, 'options.stallMs: got 1000000000; expected at most 86400000'],
    [{ stallMs: null }, `options.stallMs: got null; expected ${stall}`],
    [{ stallKillMs: 49 }, 'options.stallKillMs: got 49; expected at least 50'],
    [{ minUptimeMs: -1 }, 'options.minUptimeMs: got -1; expected at least 0'],
    [{ drainTimeoutMs: 0 }, 'options.drainTimeoutMs: got 0; expected at least 1'],
    [{ readinessDelayMs: -1 }, 'options.readinessDelayMs: got -1; expected at least 0'],
    [{ idleGraceMs: -1 }, 'options.idleGraceMs: got -1; expected at least 0'],
    [{ hookTimeoutMs: 0 }, 'options.hookTimeoutMs: got 0; expected at least 1'],
    [{ maxRssBytes: 0 }, 'options.maxRssBytes: got 0; expected at least 1'],
    [{ maxRequests: 0 }, 'options.maxRequests: got 0; expected at least 1'],
    [{ maxAgeMs: 2 ** 31 }, 'options.maxAgeMs: got 2147483648; expected at most 2147483647'],
    [{ threadPoolSize: 1_025 }, 'options.threadPoolSize: got 1025; expected at most 1024'],
    [{ envFiles: '.env' }, 'options.envFiles: got ".env"; expected array'],
    [{ envFiles: ['a', 3] }, 'options.envFiles.1: got 3; expected string'],
    [{ scaling: { upRatio: 1.1 } }, 'options.scaling.upRatio: got 1.1; expected at most 1'],
    [{ scaling: 3 }, 'options.scaling: got 3; expected object'],
    [{ restart: { intensity: -1 } }, 'options.restart.intensity: got -1; expected at least 0'],
    [{ restart: { periodMs: 0 } }, 'options.restart.periodMs: got 0; expected at least 1'],
    [
      { restart: { onExhausted: 'panic' } },
      'options.restart.onExhausted: got "panic"; expected one of "exit", "keep-trying"',
    ],
    [{ restart: null }, 'options.restart: got null; expected object'],
    [{ restart: [] }, 'options.restart: got []; expected object'],
    [{ admin: {} }, 'options.admin.port: got undefined; expected a whole number, 0…65535'],
    [{ admin: { port: 65_536 } }, 'options.admin.port: got 65536; expected at most 65535'],
    [{ admin: { port: 1, host: 2 } }, 'options.admin.host: got 2; expected a host name or address'],
    [{ admin: { port: 1, host: '' } }, 'options.admin.host: got ""; expected at least 1'],
    [{ admin: { port: 1, minReady: 0 } }, 'options.admin.minReady: got 0; expected at least 1'],
    [
      { admin: { port: 1, host: '0.0.0.0', configWrites: true } },
      'options.admin.configWrites: got true; expected false, as admin.host can be reached from other machines',
    ],
    [{ config: {} }, 'options.config: got {}; expected what defineConfig() returns'],
    [{ admin: true }, 'options.admin: got true; expected object'],
    [{ logger: {} }, 'options.logger: got {}; expected an object with pino’s methods'],
    [{ logger: 'pino' }, 'options.logger: got "pino"; expected an object with pino’s methods'],
    [
      { logger: () => undefined },
      'options.logger: got a function; expected an object with pino’s methods',
    ],
  ])('%j', (options, complaint) => {
    expect(complaints(options)).toEqual([complaint]);
  });

  it.each([
    ['worker', 4, 'options.worker: got 4; expected no such option; check its spelling'],
    ['drainTimeout', 1, 'options.drainTimeout: got 1; expected no such option; check its spelling'],
  ])('a key that does not exist: %s', (key, value, complaint) => {
    expect(complaints({ [key]: value })).toEqual([complaint]);
  });

  it('keys that do not exist further down', () => {
    expect(complaints({ restart: { retries: 3 }, admin: { port: 1, tls: true } })).toEqual([
      'options.restart.retries: got 3; expected no such option; check its spelling',
      'options.admin.tls: got true; expected no such option; check its spelling',
    ]);
  });

  it('all of them at once, for programs too', () => {
    const options = { workers: -1, bootTimeoutMs: 'soon', what: 1 };
    expect(complaints(options)).toHaveLength(3);
    const error = (() => {
      try {
        return resolve(options);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect((error as CorralError).details).toContainEqual({
      path: 'bootTimeoutMs',
      value: 'soon',
      expected: 'a whole number of ms, 1…86400000',
    });
  });

  it.each([null, 3, 'x', [], true])('what is no object: %j', (options) => {
    expect(complaints(options)).toEqual([
      `options: got ${JSON.stringify(options)}; expected an object, or nothing`,
    ]);
  });
});

describe('options that conflict', () => {
  it.each([
    [
      { heartbeatMs: 3_000 },
      'options.heartbeatMs: got 3000; expected at most 2500, half of stallMs',
    ],
    [
      { stallMs: 40_000, stallKillMs: 20_000 },
      'options.stallMs: got 40000; expected at most 20000, the value of stallKillMs',
    ],
    [
      { readinessDelayMs: 3_000, drainTimeoutMs: 2_000 },
      'options.readinessDelayMs: got 3000; expected at most 2000, the value of drainTimeoutMs',
    ],
    [
      { workers: { min: 4, max: 2 } },
      'options.workers.min: got 4; expected at most 2, the value of workers.max',
    ],
    [
      { scaling: { downRatio: 0.8 } },
      'options.scaling.downRatio: got 0.8; expected at most 0.7, the value of scaling.upRatio',
    ],
    [
      { restart: { minDelayMs: 500, maxDelayMs: 200 } },
      'options.restart.minDelayMs: got 500; expected at most 200, the value of restart.maxDelayMs',
    ],
  ])('are refused: %j', (options, complaint) => {
    expect(complaints(options)).toEqual([complaint]);
  });

  it('are no conflict where the detection of stalls is off', () => {
    expect(resolve({ stallMs: 0, heartbeatMs: 60_000, stallKillMs: 50 })).toMatchObject({
      heartbeatMs: 60_000,
    });
  });
});

describe('a default beside a given option', () => {
  it('gives way', () => {
    expect(resolve({ restart: { maxDelayMs: 20 } }).restart.minDelayMs).toBe(20);
    expect(resolve({ scaling: { upRatio: 0.2 } }).scaling.downRatio).toBe(0.1);
    expect(resolve({ restart: { maxDelayMs: 500 } }).restart.minDelayMs).toBe(100);
  });
});

describe('the resolved options', () => {
  it('are frozen all the way down', () => {
    const options = resolve({
      workers: { min: 1, max: 2 },
      admin: { port: 1 },
      envFiles: ['.env'],
      logger: createFileLogger({ fd: 1, level: 'silent', readable: false }),
    });
    for (const value of [options, options.restart, options.scaling, options.admin]) {
      expect(Object.isFrozen(value)).toBe(true);
    }
    expect(Object.isFrozen(options.workers)).toBe(true);
    expect(Object.isFrozen(options.envFiles)).toBe(true);
  });

  it('have the user’s logger itself, which stays as it is', () => {
    const logger = createFileLogger({ fd: 1, level: 'silent', readable: false });
    expect(resolve({ logger }).logger).toBe(logger);
    expect(Object.isFrozen(logger)).toBe(false);
  });

  it('leave what the caller gave as it was', () => {
    const given = {
      workers: { min: 1, max: 2 },
      restart: { intensity: 3 },
      scaling: { upRatio: 0.9 },
      admin: { port: 0 },
      envFiles: ['.env'],
    };
    const before = structuredClone(given);
    resolve(given);
    expect(given).toEqual(before);
    for (const value of [given, ...Object.values(given)])
      expect(Object.isFrozen(value)).toBe(false);
  });

  it('can be given frozen', () => {
    expect(resolve(Object.freeze({ restart: Object.freeze({ intensity: 2 }) }))).toMatchObject({
      restart: { intensity: 2, periodMs: 60_000 },
    });
  });
});

describe('whatever is given', () => {
  const anyOptions = fc.record(
    Object.fromEntries(
      Object.keys(resolve({})).map((key) => [
        key,
        fc.oneof(fc.anything(), fc.nat(), fc.constantFrom('auto', 'slots', 'manual')),
      ]),
    ),
    { requiredKeys: [] },
  );

  it('either resolves or fails as INVALID_OPTIONS, and then blames only what was given', () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        for (const complaint of complaints(options)) {
          const path = /^options\.(?<key>[^.:]+)/.exec(complaint)?.groups?.['key'];
          expect(Object.keys(options)).toContain(path);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('resolves to the same when it is resolved again', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            workers: fc.integer({ min: 0, max: 1_024 }),
            stallMs: fc.integer({ min: 50, max: DAY_MS }),
            drainTimeoutMs: fc.integer({ min: 1, max: DAY_MS }),
            restart: fc.record({ intensity: fc.nat(1_000) }, { requiredKeys: [] }),
          },
          { requiredKeys: [] },
        ),
        fc.record({ inContainer: fc.boolean(), onKubernetes: fc.boolean() }),
        (options, defaults) => {
          const once = resolve(options, defaults);
          expect(resolve(once)).toEqual(once);
        },
      ),
    );
  });
});
