// Any process: puts a configuration together from code, file and environment.
import { configInvalid } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import type { ConfigDefinition } from './define-config.js';
import { getPath, isEqual, isJsonObject, patchOf } from './json-value.js';
import type { Json } from './json-value.js';
import { validateConfig } from './validate-config.js';
import type { Validated } from './validate-config.js';

/** A path that an environment variable sets, for as long as the process runs. */
export interface Pin {
  readonly path: string;
  readonly variable: string;
  readonly value: Json;
}

/** Lays objects over each other; everything else is replaced. */
export function overlay(under: Json, over: Json): Json {
  if (!isJsonObject(under) || !isJsonObject(over)) return over;
  const merged = new Map(Object.entries(under));
  for (const [name, value] of Object.entries(over)) {
    const below = merged.get(name);
    merged.set(name, below === undefined ? value : overlay(below, value));
  }
  return Object.fromEntries(merged);
}

/**
 * What the environment sets.
 *
 * @param base what it lies over; decides whether a text is taken as it is, or as JSON
 */
export function readPins(
  definition: Pick<ConfigDefinition, 'env' | 'schema' | 'secrets'>,
  base: Json,
  environment: Readonly<Record<string, string | undefined>>,
): Pin[] {
  const texts = Object.entries(definition.env).flatMap(([path, variable]) => {
    const value = environment[variable];
    return value === undefined ? [] : [{ path, variable, value }];
  });
  const refused = issuesOf(validateConfig(definition, applyPins(base, texts)));
  const isRefused = (path: string): boolean =>
    refused.some((issue) => `${issue.path}.`.startsWith(`${path}.`));
  return texts.map(({ path, variable, value }) => ({
    path,
    variable,
    value: isRefused(path) ? asJson(value) : value,
  }));
}

export function applyPins(value: Json, pins: readonly Pin[]): Json {
  return pins.reduce((below, pin) => overlay(below, patchOf(pin.path, pin.value)), value);
}

/** The pins with what the schema has made of them. */
export function settlePins(value: Json, pins: readonly Pin[]): Pin[] {
  return pins.map((pin) => ({ ...pin, value: getPath(value, pin.path) ?? pin.value }));
}

/** @throws {CorralError} `CONFIG_INVALID` when an update would change what the environment sets */
export function requirePins(what: string, value: Json, pins: readonly Pin[]): void {
  const issues = pins
    .filter((pin) => !isEqual(getPath(value, pin.path) ?? null, pin.value))
    .map(({ path, variable }) => ({ path, message: `is set by the environment: ${variable}` }));
  if (issues.length > 0) throw configInvalid(what, issues);
}

function issuesOf(validated: Validated): readonly ConfigIssue[] {
  return validated.ok ? [] : validated.issues;
}

function asJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
