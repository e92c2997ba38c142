// Both sides of a thread: where a value holds what the structured clone algorithm refuses, as errors name it.
// Less strict than what crosses processes: class instances are cloned as plain objects, as between any
// threads, and memory can be shared.
import { types } from 'node:util';
import type { Transferable } from 'node:worker_threads';

export interface RefusedValue {
  /** From the value on, as in code: `[0].user.save`; '' is the value itself. */
  readonly path: string;
  /** What is there, as in `a function`. */
  readonly what: string;
}

/** Undefined when the value can be passed. Costs a small part of the clone that follows. */
export function findRefused(
  value: unknown,
  transfer: readonly Transferable[],
): RefusedValue | undefined {
  if (isSmallTree(value)) return undefined;
  const found = search(value, { seen: new Set(), transfer });
  return found && { ...found, path: found.path.replace(/^\./, '') };
}

/** What most values are: seen through without keeping a record of what was seen. */
const SMALL_TREE = 64;

function isSmallTree(value: unknown): boolean {
  // It bounds the time also where an object has itself inside, or another in many places.
  let left = SMALL_TREE;
  const isPassed = (part: unknown): boolean => {
    if (typeof part === 'function' || typeof part === 'symbol') return false;
    if (typeof part !== 'object' || part === null) return true;
    if (left-- === 0 || types.isProxy(part)) return false;
    if (Array.isArray(part)) return part.every(isPassed);
    return isRecord(part) && Object.values(part).every(isPassed);
  };
  return isPassed(value);
}

interface Search {
  readonly seen: Set<object>;
  readonly transfer: readonly Transferable[];
}

function search(value: unknown, run: Search): RefusedValue | undefined {
  if (typeof value === 'function') return { path: '', what: 'a function' };
  if (typeof value === 'symbol') return { path: '', what: 'a symbol' };
  if (typeof value !== 'object' || value === null || run.seen.has(value)) return undefined;
  run.seen.add(value);
  if (types.isProxy(value)) return { path: '', what: 'a Proxy' };
  if (Array.isArray(value)) return searchEntries(value.entries(), (index) => `[${index}]`, run);
  if (isRecord(value)) return searchEntries(Object.entries(value), nameSegment, run);
  if (types.isMap(value)) {
    const keys = searchEntries([...value.keys()].entries(), (index) => `.keys()[${index}]`, run);
    return keys ?? searchEntries(value, (key) => `.get(${JSON.stringify(key)})`, run);
  }
  if (types.isSet(value)) {
    return searchEntries([...value].entries(), (index) => `.values()[${index}]`, run);
  }
  const memory = ArrayBuffer.isView(value) ? value.buffer : value;
  if (types.isArrayBuffer(memory)) {
    return isDetached(memory) ? { path: '', what: 'memory that has moved away' } : undefined;
  }
  return isPassedWhole(value, run.transfer) ? undefined : { path: '', what: describe(value) };
}

/** `detached`, which Node.js 20 lacks. */
function isDetached(memory: ArrayBuffer): boolean {
  if (memory.byteLength > 0) return false;
  try {
    return new Uint8Array(memory).length > 0;
  } catch {
    return true;
  }
}

function searchEntries<Key>(
  entries: Iterable<readonly [Key, unknown]>,
  segment: (key: Key) => string,
  run: Search,
): RefusedValue | undefined {
  for (const [key, value] of entries) {
    const found = search(value, run);
    if (found !== undefined) {
      return { ...found, path: segment(key) + found.path };
    }
  }
  return undefined;
}

/** A plain object, or an instance of a class of the app: the clone has its own properties. */
function isRecord(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Object]' && !types.isExternal(value);
}

function isPassedWhole(value: object, transfer: readonly Transferable[]): boolean {
  if (ArrayBuffer.isView(value) || types.isSharedArrayBuffer(value) || types.isDate(value))
    return true;
  if (transfer.includes(value as Transferable)) return true;
  try {
    // What Node.js can clone besides grows with its versions: Blob, KeyObject, X509Certificate …
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function nameSegment(name: string): string {
  return /^[\w$]+$/u.test(name) && !/^\d/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function describe(value: object): string {
  if (types.isPromise(value)) return 'a promise';
  const { constructor } = value;
  return typeof constructor === 'function' ? `an instance of ${constructor.name}` : 'an object';
}
