// Any process: checks what bootstrap() is given and fills in defaults, once, into a frozen object.
import * as z from './zod.js';
import type {
  AdminOptions,
  BootstrapOptions,
  RestartOptions,
  ScalingTuning,
} from './bootstrap-options.js';
import { invalidOptions } from './errors.js';
import type { OptionIssue } from './errors.js';
import { isConfigDefinition } from './config/define-config.js';
import type { ConfigDefinition } from './config/define-config.js';
import type { Logger } from './logger.js';
import { DEFAULT_STATE_SETTINGS, isStateStore } from './state/state-settings.js';
import type { ResolvedStateSettings } from './state/state-settings.js';
import type { StateStore } from './state/state-store.js';
import { MAX_TIMER_MS } from './values/timer-ms.js';

type Complete<T> = { readonly [K in keyof T]-?: T[K] };

export interface ResolvedOptions extends Complete<
  Omit<
    BootstrapOptions,
    | 'maxRssBytes'
    | 'maxHeapUsedRatio'
    | 'maxRequests'
    | 'maxAgeMs'
    | 'threadPoolSize'
    | 'scaling'
    | 'restart'
    | 'offload'
    | 'admin'
    | 'logger'
    | 'config'
    | 'state'
  >
> {
  readonly maxRssBytes: number | undefined;
  readonly maxHeapUsedRatio: number | undefined;
  readonly maxRequests: number | undefined;
  readonly maxAgeMs: number | undefined;
  readonly threadPoolSize: number | undefined;
  readonly scaling: Complete<ScalingTuning>;
  readonly restart: Complete<Omit<RestartOptions, 'intensity'>> & {
    readonly intensity: number | undefined;
  };
  readonly offload: { readonly threads: number | undefined };
  readonly admin: Complete<AdminOptions> | undefined;
  readonly logger: Logger | undefined;
  readonly config: ConfigDefinition | undefined;
  readonly state: StateStore | ResolvedStateSettings;
}

/** What of the surroundings decides defaults. */
export interface OptionDefaults {
  readonly inContainer: boolean;
  readonly onKubernetes: boolean;
}

const DAY_MS = 86_400_000;

const durationMs = (min: number, max = DAY_MS): z.ZodNumber =>
  z.int(`a whole number of ms, ${min}…${max}`).min(min).max(max);
const bytes = (): z.ZodNumber => z.int('a whole number of bytes, at least 1').min(1);
const count = (min: number, max: number): z.ZodNumber =>
  z.int(`a whole number, ${min}…${max}`).min(min).max(max);

const ratio = (): z.ZodNumber => z.number('a number, 0…1').min(0).max(1);

const LOG_METHODS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'child'] as const;

function isLogger(value: unknown): value is Logger {
  return (
    typeof value === 'object' &&
    value !== null &&
    LOG_METHODS.every((method) => typeof Reflect.get(value, method) === 'function')
  );
}

export const MAX_WORKERS = 1024;

const schema = z.strictObject({
  workers: z.union(
    [
      z.literal('auto'),
      count(0, MAX_WORKERS),
      z.strictObject({ min: count(1, MAX_WORKERS), max: count(1, MAX_WORKERS) }),
    ],
    {
      error: `'auto', a whole number, 0…${MAX_WORKERS}, or { min, max } of whole numbers, 1…${MAX_WORKERS}`,
    },
  ),
  scaling: z.strictObject({
    upRatio: ratio(),
    upAfterMs: durationMs(0),
    downRatio: ratio(),
    downAfterMs: durationMs(0),
    coolDownMs: durationMs(0),
  }),
  envFiles: z.array(z.string().min(1)),
  memoryPerWorkerBytes: bytes(),
  balance: z.enum(['auto', 'slots', 'round-robin', 'sticky']),
  readiness: z.enum(['auto', 'manual']),
  bootTimeoutMs: durationMs(1),
  heartbeatMs: durationMs(10),
  stallMs: z.union([z.literal(0), durationMs(50)], { error: `0 (off) or ms, 50…${DAY_MS}` }),
  stallKillMs: durationMs(50),
  minUptimeMs: durationMs(0),
  drainTimeoutMs: durationMs(1),
  readinessDelayMs: durationMs(0),
  idleGraceMs: durationMs(0),
  hookTimeoutMs: durationMs(1),
  maxRssBytes: bytes().optional(),
  maxHeapUsedRatio: ratio().optional(),
  maxRequests: count(1, Number.MAX_SAFE_INTEGER).optional(),
  maxAgeMs: durationMs(1, MAX_TIMER_MS).optional(),
  threadPoolSize: count(1, 1024).optional(),
  restart: z.strictObject({
    intensity: count(0, 1_000_000).optional(),
    periodMs: durationMs(1),
    minDelayMs: durationMs(0),
    maxDelayMs: durationMs(0),
    onExhausted: z.enum(['exit', 'keep-trying']),
  }),
  offload: z.strictObject({ threads: count(1, 65_536).optional() }),
  admin: z
    .strictObject({
      port: count(0, 65_535),
      host: z.string('a host name or address').min(1),
      minReady: count(1, MAX_WORKERS),
      configWrites: z.boolean('true or false'),
    })
    .optional(),
  logger: z.custom<Logger>(isLogger, 'an object with pino’s methods').optional(),
  state: z.strictObject({
    maxEntries: count(1, 10_000_000),
    maxBytes: bytes(),
    maxValueBytes: bytes(),
    onFull: z.enum(['reject', 'evict-lru']),
    timeoutMs: durationMs(10),
    snapshotFile: z.string('the path of a file').min(1).optional(),
    snapshotIntervalMs: durationMs(10),
  }),
  config: z.custom<ConfigDefinition>(isConfigDefinition, 'what defineConfig() returns').optional(),
});

/**
 * Validates options and fills in defaults.
 *
 * @throws {CorralError} `INVALID_OPTIONS`, naming every wrong option's path, its value and what was expected.
 */
export function resolveOptions(options: unknown, defaults: OptionDefaults): ResolvedOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOptions([{ path: '', value: options, expected: 'an object, or nothing' }]);
  }
  const given = withoutUndefined(options);
  // The defaults that depend on these must not conflict with them.
  const stallMs = durationOr(given['stallMs'], 5_000);
  const givenStore = isStateStore(given['state']) ? given['state'] : undefined;
  const drainTimeoutMs = durationOr(given['drainTimeoutMs'], 25_000);
  const complete = {
    workers: 'auto',
    envFiles: [],
    memoryPerWorkerBytes: 128 * 1024 * 1024,
    balance: 'auto',
    readiness: 'auto',
    bootTimeoutMs: 30_000,
    stallMs: 5_000,
    heartbeatMs: stallMs === 0 ? 1_000 : Math.min(1_000, Math.max(10, Math.floor(stallMs / 2))),
    stallKillMs: Math.max(30_000, stallMs),
    minUptimeMs: 1_000,
    drainTimeoutMs: 25_000,
    readinessDelayMs: defaults.onKubernetes ? Math.min(5_000, Math.floor(drainTimeoutMs / 2)) : 0,
    idleGraceMs: 1_000,
    hookTimeoutMs: 5_000,
    ...given,
    scaling: withDefaults(given['scaling'], {
      upRatio: 0.7,
      upAfterMs: 10_000,
      // A mark that the user has set must not conflict with one that the user has not.
      downRatio: Math.min(0.3, numberOf(given['scaling'], 'upRatio') / 2),
      downAfterMs: 60_000,
      coolDownMs: 30_000,
    }),
    restart: withDefaults(given['restart'], {
      periodMs: 60_000,
      minDelayMs: Math.min(100, numberOf(given['restart'], 'maxDelayMs')),
      maxDelayMs: 15_000,
      onExhausted: defaults.inContainer ? 'exit' : 'keep-trying',
    }),
    offload: withDefaults(given['offload'], {}),
    admin:
      given['admin'] === undefined
        ? undefined
        : withDefaults(given['admin'], { host: '127.0.0.1', minReady: 1, configWrites: false }),
    state: withDefaults(givenStore === undefined ? given['state'] : undefined, {
      ...DEFAULT_STATE_SETTINGS,
      maxValueBytes: Math.min(
        DEFAULT_STATE_SETTINGS.maxValueBytes,
        numberOf(given['state'], 'maxBytes'),
      ),
    }),
  };
  // Compiling a parser takes longer than parsing once.
  const parsed = schema.safeParse(complete, { jitless: true });
  if (!parsed.success) {
    throw invalidOptions(parsed.error.issues.flatMap((issue) => toOptionIssues(issue, given)));
  }
  const conflicts = findConflicts(parsed.data);
  if (conflicts.length > 0) throw invalidOptions(conflicts);
  return deepFreeze({
    ...parsed.data,
    maxRssBytes: parsed.data.maxRssBytes,
    maxHeapUsedRatio: parsed.data.maxHeapUsedRatio,
    maxRequests: parsed.data.maxRequests,
    maxAgeMs: parsed.data.maxAgeMs,
    threadPoolSize: parsed.data.threadPoolSize,
    restart: { ...parsed.data.restart, intensity: parsed.data.restart.intensity },
    offload: { threads: parsed.data.offload.threads },
    admin: parsed.data.admin,
    logger: parsed.data.logger,
    config: parsed.data.config,
    state: givenStore ?? {
      ...parsed.data.state,
      snapshotFile: parsed.data.state.snapshotFile,
    },
  });
}

function findConflicts(options: z.infer<typeof schema>): OptionIssue[] {
  const conflicts: OptionIssue[] = [];
  const atMost = (path: string, value: number, limit: number, what: string): void => {
    if (value > limit) conflicts.push({ path, value, expected: `at most ${limit}, ${what}` });
  };
  if (options.stallMs > 0) {
    atMost('heartbeatMs', options.heartbeatMs, options.stallMs / 2, 'half of stallMs');
    atMost('stallMs', options.stallMs, options.stallKillMs, 'the value of stallKillMs');
  }
  atMost(
    'readinessDelayMs',
    options.readinessDelayMs,
    options.drainTimeoutMs,
    'the value of drainTimeoutMs',
  );
  if (options.admin?.configWrites === true && !isLoopback(options.admin.host)) {
    const expected = 'false, as admin.host can be reached from other machines';
    conflicts.push({ path: 'admin.configWrites', value: true, expected });
  }
  if (typeof options.workers === 'object') {
    atMost('workers.min', options.workers.min, options.workers.max, 'the value of workers.max');
  }
  atMost(
    'scaling.downRatio',
    options.scaling.downRatio,
    options.scaling.upRatio,
    'the value of scaling.upRatio',
  );
  atMost(
    'state.maxValueBytes',
    options.state.maxValueBytes,
    options.state.maxBytes,
    'the value of state.maxBytes',
  );
  atMost(
    'restart.minDelayMs',
    options.restart.minDelayMs,
    options.restart.maxDelayMs,
    'the value of restart.maxDelayMs',
  );
  return conflicts;
}

function isLoopback(host: string): boolean {
  return /^(localhost|::1|127(\.\d+){3})$/i.test(host);
}

function toOptionIssues(issue: z.core.$ZodIssue, given: object): OptionIssue[] {
  const path = issue.path.map(String);
  const value = path.reduce<unknown>(
    (holder, key) =>
      typeof holder === 'object' && holder !== null ? Reflect.get(holder, key) : undefined,
    given,
  );
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key].join('.'),
      value: typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined,
      expected: 'no such option; check its spelling',
    }));
  }
  return [{ path: path.join('.'), value, expected: expectedOf(issue) }];
}

function expectedOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      return `at least ${String(issue.minimum)}`;
    case 'too_big':
      return `at most ${String(issue.maximum)}`;
    case 'invalid_value':
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'invalid_type':
      return issue.message.startsWith('Invalid') ? issue.expected : issue.message;
    default:
      return issue.message;
  }
}

/** A valid duration, or what stands in for one that is reported as wrong, or was not given. */
function durationOr(value: unknown, fallbackMs: number): number {
  return durationMs(0).safeParse(value).data ?? fallbackMs;
}

function withoutUndefined(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined));
}

/** A number among not yet checked options; infinite when there is none. */
function numberOf(given: unknown, name: string): number {
  const value: unknown =
    typeof given === 'object' && given !== null ? Reflect.get(given, name) : undefined;
  return typeof value === 'number' && value >= 0 ? value : Infinity;
}

function withDefaults(given: unknown, defaults: object): unknown {
  if (given === undefined) return defaults;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  return { ...defaults, ...withoutUndefined(given) };
}

function deepFreeze<T extends object>(value: T): T {
  for (const entry of Object.values(value)) {
    // Loggers, schemas and stores are the user's own objects.
    if (typeof entry !== 'object' || entry === null) continue;
    if (isLogger(entry) || isConfigDefinition(entry) || isStateStore(entry)) continue;
    deepFreeze(entry);
  }
  return Object.freeze(value);
}
