// Any process: configuration as data: comparing, patching, freezing, hiding. Pure.

export type Json = null | boolean | number | string | JsonArray | JsonObject;
export type JsonArray = readonly Json[];
export interface JsonObject {
  readonly [name: string]: Json;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ownValue(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Applies a JSON merge patch (RFC 7396). */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const merged = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name) ?? null, value));
  }
  // Not by assignment, to which '__proto__' would mean something else.
  return Object.fromEntries(merged);
}

/** Makes the changes that lead from one value to the other in a third one, and leaves the rest of it. */
export function rebase(current: Json, from: Json, to: Json): Json {
  if (!isJsonObject(current) || !isJsonObject(from) || !isJsonObject(to)) {
    return isEqual(from, to) ? current : to;
  }
  const rebased = new Map(Object.entries(current));
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const before = ownValue(from, name);
    const after = ownValue(to, name);
    const now = rebased.get(name);
    if (after === undefined) rebased.delete(name);
    else if (before === undefined) rebased.set(name, after);
    else if (now !== undefined) rebased.set(name, rebase(now, before, after));
    else if (!isEqual(before, after)) rebased.set(name, after);
  }
  return Object.fromEntries(rebased);
}

export function isEqual(a: Json, b: Json): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index] ?? null));
  }
  if (isJsonObject(a) && isJsonObject(b)) {
    const names = Object.keys(a);
    return (
      names.length === Object.keys(b).length &&
      names.every((name) => Object.hasOwn(b, name) && isEqual(a[name] ?? null, b[name] ?? null))
    );
  }
  return a === b;
}

/** Where two values differ, as in `log.level`; '' when they differ as a whole. */
export function changedPaths(from: Json, to: Json): string[] {
  const paths: string[] = [];
  collectChanges(from, to, '', paths);
  return paths;
}

/** Every process does this for every version: no paths and lists of what has not changed. */
function collectChanges(from: Json, to: Json, path: string, paths: string[]): void {
  if (!isJsonObject(from) || !isJsonObject(to)) {
    if (!isEqual(from, to)) paths.push(path);
    return;
  }
  const within = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const [name, before] of Object.entries(from)) {
    const after = ownValue(to, name);
    if (before === after) continue;
    if (after === undefined) paths.push(within(name));
    else collectChanges(before, after, within(name), paths);
  }
  for (const name of Object.keys(to)) if (!Object.hasOwn(from, name)) paths.push(within(name));
}

export function getPath(value: Json, path: string): Json | undefined {
  let found: Json | undefined = value;
  for (const name of path.split('.')) {
    found = isJsonObject(found) ? ownValue(found, name) : undefined;
  }
  return found;
}

/** A merge patch that sets one path. */
export function patchOf(path: string, value: Json): Json {
  return path
    .split('.')
    .reduceRight<Json>((inner, name) => Object.fromEntries([[name, inner]]), value);
}

const HIDDEN = '[secret]';

/** A copy without what the paths name; `*` in a path stands for any name or index. */
export function redact(value: Json, secrets: readonly string[]): Json {
  return secrets.reduce((rest, path) => hide(rest, path.split('.')), value);
}

function hide(value: Json, [name, ...rest]: readonly string[]): Json {
  if (name === undefined) return HIDDEN;
  const hideIn = (key: string, inner: Json): Json =>
    name === '*' || name === key ? hide(inner, rest) : inner;
  if (Array.isArray(value)) {
    return value.map((inner: Json, index) => hideIn(String(index), inner));
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hideIn(key, inner)]));
}

/** The paths among the secrets whose value is what {@link redact} puts there. */
export function redactedPaths(value: Json, secrets: readonly string[]): string[] {
  return secrets.flatMap((path) => findHidden(value, path.split('.'), []));
}

function findHidden(value: Json, [name, ...rest]: readonly string[], at: string[]): string[] {
  if (name === undefined) return value === HIDDEN ? [at.join('.')] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries<Json>(value)
    .filter(([key]) => name === '*' || name === key)
    .flatMap(([key, inner]) => findHidden(inner, rest, [...at, key]));
}

/** Freezes it to its depth, and returns it. */
export function freeze<T extends Json>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const inner of Object.values<Json>(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}
