// Any process: whether the structured clone algorithm carries a value without loss. What it would refuse
// or quietly change is named with its path, so that the error says where to look.
import { types } from 'node:util';

/** Deeper values are refused: serializers recurse, here and in the process that reads. */
const MAX_DEPTH = 1_000;

export interface Uncloneable {
  /** From the value on, as in code: `user.roles[3]`; '' is the value itself. */
  readonly path: string;
  /** What is there, as in `a function`. */
  readonly what: string;
}

export interface ValueInspection {
  /** The first thing found that cannot be carried. */
  readonly uncloneable: Uncloneable | undefined;
  /** JSON carries it without loss, too: text for text, and nothing twice. */
  readonly isJson: boolean;
}

/** What keeps a value from being carried to another process as it is; undefined when nothing does. */
export function findUncloneable(value: unknown): Uncloneable | undefined {
  return inspectValue(value).uncloneable;
}

export function inspectValue(value: unknown): ValueInspection {
  const walk: Walk = { seen: new Set(), isJson: true };
  const found = inspect(value, walk, 0);
  return {
    uncloneable: found && { path: found.segments.join('').replace(/^\./, ''), what: found.what },
    isJson: walk.isJson,
  };
}

interface Walk {
  readonly seen: Set<object>;
  isJson: boolean;
}

/** `segments` grows from the inside out while the walk returns, so that a good value costs no paths. */
interface Found {
  readonly segments: string[];
  readonly what: string;
}

function inspect(value: unknown, walk: Walk, depth: number): Found | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      if (!Number.isFinite(value) || Object.is(value, -0)) walk.isJson = false;
      return undefined;
    case 'undefined':
    case 'bigint':
      walk.isJson = false;
      return undefined;
    case 'function':
      return refuse('a function');
    case 'symbol':
      return refuse('a symbol');
    default:
      return value === null ? undefined : inspectObject(value as object, walk, depth);
  }
}

function inspectObject(value: object, walk: Walk, depth: number): Found | undefined {
  if (walk.seen.has(value)) {
    // A cycle, or the same object in two places: JSON knows neither.
    walk.isJson = false;
    return undefined;
  }
  walk.seen.add(value);
  if (depth > MAX_DEPTH) return refuse(`an object nested deeper than ${MAX_DEPTH} levels`);
  if (types.isProxy(value)) return refuse('a Proxy');
  if (Array.isArray(value)) return inspectArray(value, walk, depth);
  if (isPlain(value)) return inspectProperties(value, walk, depth);

  walk.isJson = false;
  if (types.isMap(value) && isDirect(value, 2)) return inspectMap(value, walk, depth);
  if (types.isSet(value) && isDirect(value, 2)) return inspectSet(value, walk, depth);
  if (types.isNativeError(value)) return inspectError(value, walk, depth);
  return isCarriedWhole(value) ? undefined : refuse(describeInstance(value));
}

function inspectArray(array: readonly unknown[], walk: Walk, depth: number): Found | undefined {
  if (!isDirect(array, 2)) return refuse(describeInstance(array));
  for (let index = 0; index < array.length; index++) {
    const found = inspect(array[index], walk, depth + 1);
    if (found !== undefined) return within(`[${index}]`, found);
  }
  // Names beside the indexes: the clone has them, JSON has not. Holes were seen as undefined.
  if (Object.keys(array).length > array.length) return inspectProperties(array, walk, depth);
  return undefined;
}

function inspectProperties(value: object, walk: Walk, depth: number): Found | undefined {
  if (Array.isArray(value)) walk.isJson = false;
  for (const key of Object.keys(value)) {
    const found = inspect((value as Record<string, unknown>)[key], walk, depth + 1);
    if (found !== undefined) return within(segmentOf(key), found);
  }
  const symbols = Object.getOwnPropertySymbols(value);
  if (symbols.length === 0) return undefined;
  // The clone would leave it out without a word.
  const symbol = symbols.find((name) => Object.prototype.propertyIsEnumerable.call(value, name));
  return symbol && within(`[${String(symbol)}]`, refuse('a property named by a symbol'));
}

function inspectMap(
  map: ReadonlyMap<unknown, unknown>,
  walk: Walk,
  depth: number,
): Found | undefined {
  let index = 0;
  for (const [key, value] of map) {
    const inKey = inspect(key, walk, depth + 1);
    if (inKey !== undefined) return within(`.keys()[${index}]`, inKey);
    const inValue = inspect(value, walk, depth + 1);
    if (inValue !== undefined) {
      const name = typeof key === 'string' ? JSON.stringify(key) : `keys()[${index}]`;
      return within(`.get(${name})`, inValue);
    }
    index++;
  }
  return undefined;
}

function inspectSet(set: ReadonlySet<unknown>, walk: Walk, depth: number): Found | undefined {
  let index = 0;
  for (const value of set) {
    const found = inspect(value, walk, depth + 1);
    if (found !== undefined) return within(`.values()[${index}]`, found);
    index++;
  }
  return undefined;
}

/** A clone keeps name, message, stack and cause, and nothing else: not a class, not a `code`. */
function inspectError(error: Error, walk: Walk, depth: number): Found | undefined {
  const { name } = Object.getPrototypeOf(error) as Error;
  if (!CARRIED_ERRORS.has(name) || error.name !== name) return refuse(describeInstance(error));
  const extra = Object.keys(error).find((key) => key !== 'cause');
  if (extra !== undefined) {
    return within(segmentOf(extra), refuse('a property of an Error, which would be lost'));
  }
  const found = inspect(error.cause, walk, depth + 1);
  return found && within('.cause', found);
}

const CARRIED_ERRORS: ReadonlySet<string> = new Set([
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
]);

function isCarriedWhole(value: object): boolean {
  if (Buffer.isBuffer(value)) return true;
  if (types.isTypedArray(value)) return isDirect(value, 3);
  return (
    (types.isDate(value) ||
      types.isRegExp(value) ||
      types.isArrayBuffer(value) ||
      types.isDataView(value)) &&
    isDirect(value, 2)
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  if (typeof prototype !== 'object' || Object.getPrototypeOf(prototype) !== null) return false;
  // The Object.prototype of another realm, such as that of a test runner's sandbox, or one with nothing at all,
  // which parsers make objects with because that is faster than none: Fastify's request.query and params.
  return Object.hasOwn(prototype, 'isPrototypeOf') || Reflect.ownKeys(prototype).length === 0;
}

/** Whether it is of a built-in class itself, so many steps from the end, and not of one derived from it. */
function isDirect(value: object, steps: number): boolean {
  let prototype: unknown = Object.getPrototypeOf(value);
  for (let step = 0; step < steps; step++) {
    if (typeof prototype !== 'object' || prototype === null) return false;
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype === null;
}

function describeInstance(value: object): string {
  if (types.isPromise(value)) return 'a promise';
  const prototype = Object.getPrototypeOf(value) as object;
  const name = Object.hasOwn(prototype, 'constructor') ? prototype.constructor.name : '';
  return name === '' ? 'an object with a prototype of its own' : `an instance of ${name}`;
}

function segmentOf(key: string): string {
  return /^[\w$]+$/u.test(key) && !/^\d/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function refuse(what: string): Found {
  return { segments: [], what };
}

function within(segment: string, found: Found): Found {
  found.segments.unshift(segment);
  return found;
}
