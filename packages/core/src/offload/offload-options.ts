// Any process: checks what cluster.offload() and its calls are given, and fills in defaults, once.
import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from '../zod.js';
import { invalidArgument } from '../errors.js';
import type { OffloadCallOptions, OffloadOptions } from './offload.js';
import { MAX_TIMER_MS } from '../values/timer-ms.js';

export interface ResolvedOffloadOptions extends Required<Omit<OffloadOptions, 'resourceLimits'>> {
  readonly resourceLimits: OffloadOptions['resourceLimits'] | undefined;
}

export type ResolvedCallOptions = Required<Omit<OffloadCallOptions, 'signal'>> &
  Pick<OffloadCallOptions, 'signal'>;

const DURATION = `ms above 0, at most ${MAX_TIMER_MS}, or Infinity`;

const durationMs = z.custom<number>(isDuration, DURATION);
const count = (min: number, max: number): z.ZodNumber =>
  z.int(`a whole number, ${min}…${max}`).min(min).max(max);
const megabytes = z.number('a number of MB above 0').positive().optional();

const schema = z.strictObject({
  name: z.string('a name').min(1),
  threads: count(1, 1_024),
  maxQueue: count(0, 1_000_000),
  queueTimeoutMs: durationMs,
  timeoutMs: durationMs,
  idleTimeoutMs: durationMs,
  eager: z.boolean('true or false'),
  resourceLimits: z
    .strictObject({
      maxOldGenerationSizeMb: megabytes,
      maxYoungGenerationSizeMb: megabytes,
      codeRangeSizeMb: megabytes,
      stackSizeMb: megabytes,
    })
    .optional(),
  niceIncrement: count(0, 19),
});

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function resolveOffloadOptions(options: unknown, moduleUrl: URL): ResolvedOffloadOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('cluster.offload(module, options)', options, 'an object, or nothing');
  }
  const path = fileURLToPath(moduleUrl);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const parsed = schema.safeParse({
    name: basename(path, extname(path)),
    threads: 1_024,
    maxQueue: 256,
    queueTimeoutMs: 10_000,
    timeoutMs: 30_000,
    idleTimeoutMs: 30_000,
    eager: false,
    niceIncrement: 0,
    ...Object.fromEntries(given),
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const [key = ''] = issue?.code === 'unrecognized_keys' ? issue.keys : (issue?.path ?? []);
    throw invalidArgument(
      `cluster.offload(…, { ${String(key)} })`,
      Reflect.get(options, key),
      issue?.code === 'unrecognized_keys'
        ? 'no such option; check its spelling'
        : (issue?.message ?? ''),
    );
  }
  const { resourceLimits, ...resolved } = parsed.data;
  return Object.freeze({
    ...resolved,
    resourceLimits,
  });
}

/**
 * Where the module is. TypeScript names its files by what the compiler would make of them, so where there
 * is no `tasks.js`, `tasks.ts` is meant: programs that run without being compiled.
 *
 * @throws {CorralError} `INVALID_ARGUMENT`
 */
export function resolveTaskModule(
  module: unknown,
  exists: (path: string) => boolean = existsSync,
): URL {
  const url = module instanceof URL || typeof module === 'string' ? toUrl(module) : undefined;
  if (url?.protocol !== 'file:') {
    throw invalidArgument(
      'cluster.offload(module)',
      module,
      "the file: URL of a module, such as new URL('./tasks.js', import.meta.url)",
    );
  }
  if (exists(fileURLToPath(url))) return url;
  const source = new URL(url);
  source.pathname = source.pathname.replace(/\.([cm]?)js$/, '.$1ts');
  if (source.href !== url.href && exists(fileURLToPath(source))) return source;
  throw invalidArgument('cluster.offload(module)', url.href, 'a file that exists');
}

const CALL_DEFAULTS = { transfer: [], priority: 0 } as const;

/** What a call without `.with()` takes from the module's options. */
export function defaultCallOptions({
  timeoutMs,
  queueTimeoutMs,
}: ResolvedOffloadOptions): ResolvedCallOptions {
  return { ...CALL_DEFAULTS, timeoutMs, queueTimeoutMs };
}

/**
 * By hand and not by a schema: servers call this for each request.
 *
 * @throws {CorralError} `INVALID_ARGUMENT`
 */
export function resolveCallOptions(
  options: OffloadCallOptions,
  defaults: ResolvedCallOptions,
): ResolvedCallOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('.with(options)', options, 'an object');
  }
  const resolved: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (value === undefined) continue;
    if (!isCallOption(name)) {
      throw invalidArgument(`.with({ ${name} })`, value, 'no such option; check its spelling');
    }
    const expected = CALL_CHECKS[name];
    if (!expected.is(value)) throw invalidArgument(`.with({ ${name} })`, value, expected.text);
    resolved[name] = value;
  }
  return resolved as unknown as ResolvedCallOptions;
}

const CALL_CHECKS: {
  readonly [K in keyof Required<OffloadCallOptions>]: {
    readonly text: string;
    readonly is: (value: unknown) => boolean;
  };
} = {
  signal: { text: 'an AbortSignal', is: (value) => value instanceof AbortSignal },
  timeoutMs: { text: DURATION, is: isDuration },
  queueTimeoutMs: { text: DURATION, is: isDuration },
  transfer: { text: 'a list of what moves', is: Array.isArray },
  priority: { text: 'a number', is: (value) => Number.isFinite(value) },
};

function isCallOption(name: string): name is keyof OffloadCallOptions {
  return Object.hasOwn(CALL_CHECKS, name);
}

function isDuration(value: unknown): boolean {
  return value === Infinity || (typeof value === 'number' && value > 0 && value <= MAX_TIMER_MS);
}

function toUrl(text: string | URL): URL | undefined {
  if (text instanceof URL) return text;
  return URL.canParse(text) ? new URL(text) : undefined;
}
