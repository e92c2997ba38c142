// Any process: what an app says of its configuration.
import { invalidArgument } from '../errors.js';
import type { SchemaInput, SchemaOutput, StandardSchema } from './standard-schema.js';

export interface ConfigOptions<Input> {
  /** The configuration to begin with, beneath what file and environment say. */
  readonly initial: Input;
  /**
   * A JSON or YAML file (by its ending) that lies over `initial`, relative to the working directory at the
   * start. It is watched: what changes in it changes the configuration; a file that is invalid changes nothing.
   */
  readonly file?: string;
  /**
   * Environment variables that lie over everything else, by the path that they set:
   * `{ 'log.level': 'LOG_LEVEL' }`. Read once, at the start, also from `envFiles`. A text that the schema
   * refuses is tried as JSON, so that numbers, booleans and lists can be given.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** Paths whose values are hidden in `status()`, logs and the admin server; `*` stands for any name. */
  readonly secrets?: readonly string[];
  /**
   * When a process refuses a version: `'roll-back'` (default) gives the whole cluster the previous
   * configuration again, as a new version; `'keep'` leaves the others with what they have applied.
   */
  readonly onRejected?: 'roll-back' | 'keep';
  /**
   * With a store as `bootstrap()`'s `state` (`redisState()`): whether all clusters on that store have one
   * configuration, which the store keeps. Default true; without such a store it means nothing.
   */
  readonly shared?: boolean;
}

/** The configuration that `bootstrap()` is given. Made by {@link defineConfig}. */
export interface ConfigDefinition<C = unknown> {
  readonly schema: StandardSchema<unknown, C>;
  readonly initial: unknown;
  readonly file: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly onRejected: 'roll-back' | 'keep';
  readonly shared: boolean;
}

const MEMBERS = new Set(['initial', 'file', 'env', 'secrets', 'onRejected', 'shared']);

/**
 * Describes the configuration of a cluster, for `bootstrap(main, { config })`.
 *
 * @param schema of zod, or any other that speaks Standard Schema. It must be synchronous and accept what
 *   it returns (defaults and coercions do, most other transformations do not), and return data as JSON
 *   knows it.
 * @throws {CorralError} `INVALID_ARGUMENT`
 */
export function defineConfig<S extends StandardSchema>(
  schema: S,
  options: ConfigOptions<SchemaInput<S>>,
): ConfigDefinition<SchemaOutput<S>> {
  const call = 'defineConfig(schema, { initial, file, env, secrets, onRejected, shared })';
  if (!isSchema(schema)) {
    throw invalidArgument(call, schema, 'a schema of zod, or another that speaks Standard Schema');
  }
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(call, options, 'an object with { initial }');
  }
  const unknown = Object.keys(options).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) {
    throw invalidArgument(`${call}: ${unknown}`, Reflect.get(options, unknown), 'no such option');
  }
  const { initial, file, env = {}, secrets = [] } = options;
  const { onRejected = 'roll-back', shared = true } = options;
  if (file !== undefined && !/\.(json|ya?ml)$/i.test(file)) {
    throw invalidArgument(`${call}: file`, file, 'the path of a .json, .yaml or .yml file');
  }
  if (!['roll-back', 'keep'].includes(onRejected)) {
    throw invalidArgument(`${call}: onRejected`, onRejected, `'roll-back' or 'keep'`);
  }
  if (typeof shared !== 'boolean') {
    throw invalidArgument(`${call}: shared`, shared, 'true or false');
  }
  return Object.freeze({
    // What types cannot say of a schema's output, defineConfig's own type does.
    schema: schema as unknown as StandardSchema<unknown, SchemaOutput<S>>,
    initial,
    file,
    env: Object.freeze({ ...env }),
    secrets: Object.freeze([...secrets]),
    onRejected,
    shared,
  });
}

export function isConfigDefinition(value: unknown): value is ConfigDefinition {
  return typeof value === 'object' && value !== null && isSchema(Reflect.get(value, 'schema'));
}

function isSchema(value: unknown): value is StandardSchema {
  // Arktype's schemas are functions.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = Reflect.get(value, '~standard');
  return (
    typeof standard === 'object' &&
    standard !== null &&
    typeof Reflect.get(standard, 'validate') === 'function'
  );
}
