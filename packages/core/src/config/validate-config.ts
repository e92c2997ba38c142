// Any process: turns whatever is given into a configuration, or says where it is wrong. Pure.
import { configInvalid } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import type { ConfigDefinition } from './define-config.js';
import { issueMessage } from './hidden-issue.js';
import { freeze, isEqual } from './json-value.js';
import type { Json } from './json-value.js';
import type { SchemaIssue } from './standard-schema.js';

/** What a version of the configuration may have as JSON. */
const MAX_LENGTH = 1024 * 1024;
const MAX_DEPTH = 100;

/** What is applied, and of what its complaints must not tell. */
export type ConfigRules = Pick<ConfigDefinition, 'schema' | 'secrets'>;

export type Validated =
  | { readonly ok: true; readonly value: Json; readonly text: string }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/** Applies the schema, and checks that what it returns is data as JSON knows it. */
export function validateConfig(rules: ConfigRules, input: unknown): Validated {
  const applied = applySchema(rules, input);
  if (!applied.ok) return applied;
  const text = JSON.stringify(applied.value);
  if (text.length > MAX_LENGTH) {
    return refuse('', `is ${text.length} characters long as JSON; at most ${MAX_LENGTH} are`);
  }
  // Its own copy, without properties that are undefined.
  return { ok: true, value: freeze(JSON.parse(text) as Json), text };
}

/** {@link validateConfig} for what has been validated elsewhere, with the same schema as a rule: then it stays. */
export function validateAgain(rules: ConfigRules, text: string): Validated {
  const value = JSON.parse(text) as Json;
  const applied = applySchema(rules, value, value);
  if (!applied.ok) return applied;
  return applied.value === value || isEqual(applied.value, value)
    ? { ok: true, value: freeze(value), text }
    : validateConfig(rules, value);
}

/** {@link validateConfig}, and checks that the schema accepts what it has returned: every process applies it. */
export function validateTwice(rules: ConfigRules, input: unknown): Validated {
  const validated = validateConfig(rules, input);
  if (!validated.ok) return validated;
  const again = validateConfig(rules, validated.value);
  return again.ok && again.text === validated.text
    ? validated
    : refuse(
        '',
        'the schema does not accept what it returns; leave out transformations other than defaults and coercions',
      );
}

/** @throws {CorralError} `CONFIG_INVALID` */
export function requireValid(what: string, validated: Validated): Json {
  if (validated.ok) return validated.value;
  throw configInvalid(what, validated.issues);
}

type Applied =
  | Exclude<Validated, { readonly ok: true }>
  | { readonly ok: true; readonly value: Json };

function applySchema({ schema, secrets }: ConfigRules, input: unknown, known?: Json): Applied {
  const result = schema['~standard'].validate(input);
  if (result instanceof Promise) {
    // Nobody waits for it.
    result.catch(() => undefined);
    return refuse('', 'the schema is asynchronous; a configuration needs one that is not');
  }
  if (result.issues !== undefined) {
    return { ok: false, issues: result.issues.map((issue) => toIssue(issue, secrets)) };
  }
  // What came from JSON and came back as it was need not be looked at.
  const isKnown = known !== undefined && result.value === known;
  const found = isKnown ? undefined : findNotJson(result.value);
  return found === undefined
    ? { ok: true, value: result.value as Json }
    : { ok: false, issues: [found] };
}

function toIssue(issue: SchemaIssue, secrets: readonly string[]): ConfigIssue {
  const names = (issue.path ?? []).map((part) =>
    String(typeof part === 'object' ? part.key : part),
  );
  return { path: names.join('.'), message: issueMessage(issue, names, secrets) };
}

function refuse(path: string, message: string): Exclude<Validated, { readonly ok: true }> {
  return { ok: false, issues: [{ path, message }] };
}

/** What JSON would leave out, refuse or turn into something else. */
export function findNotJson(value: unknown, path = '', depth = 0): ConfigIssue | undefined {
  if (depth > MAX_DEPTH) return { path, message: `is nested deeper than ${MAX_DEPTH} levels` };
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : notJson(path, String(value));
    case 'object': {
      if (value === null) return undefined;
      const prototype: unknown = Object.getPrototypeOf(value);
      const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
      if (!Array.isArray(value) && !isPlain) return notJson(path, 'an object with a class');
      for (const [name, inner] of Object.entries(value)) {
        if (inner === undefined && !Array.isArray(value)) continue;
        const found = findNotJson(inner, path === '' ? name : `${path}.${name}`, depth + 1);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    case 'undefined':
      return notJson(path, 'undefined');
    default:
      return notJson(path, `a ${typeof value}`);
  }
}

function notJson(path: string, what: string): ConfigIssue {
  return { path, message: `is ${what}, which JSON does not know` };
}
