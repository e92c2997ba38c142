// Both sides: operations and their results as flat lists: many travel in one message, and a list of numbers
// and text is what the channel writes and reads fastest.
import type {
  BackendEntry,
  StateData,
  StateOperation,
  StateOperationResults,
} from './state-backend.js';

/** What only travels: a backend subscribes by a method of its own. */
export type WireOperation =
  | StateOperation
  | { readonly name: 'subscribe'; readonly channel: string }
  | { readonly name: 'unsubscribe'; readonly channel: string }
  /** Between primaries: all leases whose owner begins with this, for that worker is gone. */
  | { readonly name: 'releaseLeasesOf'; readonly owner: string };

export type WireOperationName = WireOperation['name'];

/** By their place in this list; another release may send them, so it only grows at its end. */
const NAMES: readonly WireOperationName[] = [
  'get',
  'set',
  'has',
  'delete',
  'touch',
  'increment',
  'compareAndSet',
  'scan',
  'clear',
  'acquireLease',
  'renewLease',
  'releaseLease',
  'publish',
  'subscribe',
  'unsubscribe',
  'releaseLeasesOf',
  'getEntry',
];
const CODES = new Map(NAMES.map((name, code) => [name, code]));

/** Larger ones are no work of ours: a key, with namespaces around it. */
const MAX_NAME_LENGTH = 16_384;

/** Reads a list from its start to its end. */
export interface WireReader {
  readonly list: readonly unknown[];
  next: number;
}

/** Thrown by the decoders: what arrived is not what our encoders make. */
export class WireError extends Error {}

export function encodeOperation(operation: WireOperation, out: unknown[]): void {
  out.push(CODES.get(operation.name));
  switch (operation.name) {
    case 'get':
    case 'delete':
      out.push(operation.keys);
      return;
    case 'set':
      out.push(operation.entries.flat(), operation.ttlMs);
      return;
    case 'has':
    case 'getEntry':
      out.push(operation.key);
      return;
    case 'touch':
      out.push(operation.key, operation.ttlMs);
      return;
    case 'increment':
      out.push(operation.key, operation.by, operation.ttlMs);
      return;
    case 'compareAndSet':
      out.push(operation.key, operation.expectedVersion, operation.data, operation.ttlMs);
      return;
    case 'scan':
      out.push(operation.prefix, operation.cursor, operation.count);
      return;
    case 'clear':
      out.push(operation.prefix, operation.cursor);
      return;
    case 'acquireLease':
    case 'renewLease':
      out.push(operation.lease, operation.owner, operation.ttlMs);
      return;
    case 'releaseLease':
      out.push(operation.lease, operation.owner);
      return;
    case 'publish':
      out.push(operation.channel, operation.data);
      return;
    case 'subscribe':
    case 'unsubscribe':
      out.push(operation.channel);
      return;
    case 'releaseLeasesOf':
      out.push(operation.owner);
      return;
    default:
      operation satisfies never;
  }
}

/** @throws {WireError} */
export function decodeOperation(reader: WireReader): WireOperation {
  const code = reader.list[reader.next++];
  const name = typeof code === 'number' ? NAMES[code] : undefined;
  switch (name) {
    case 'get':
    case 'delete':
      return { name, keys: texts(reader) };
    case 'set':
      return { name, entries: pairs(reader), ttlMs: count(reader) };
    case 'has':
    case 'getEntry':
      return { name, key: text(reader) };
    case 'touch':
      return { name, key: text(reader), ttlMs: count(reader) };
    case 'increment':
      return { name, key: text(reader), by: integer(reader), ttlMs: count(reader) };
    case 'compareAndSet':
      return {
        name,
        key: text(reader),
        expectedVersion: count(reader),
        data: data(reader),
        ttlMs: count(reader),
      };
    case 'scan':
      return { name, prefix: text(reader), cursor: text(reader), count: count(reader) };
    case 'clear':
      return { name, prefix: text(reader), cursor: text(reader) };
    case 'acquireLease':
    case 'renewLease':
      return { name, lease: text(reader), owner: text(reader), ttlMs: count(reader) };
    case 'releaseLease':
      return { name, lease: text(reader), owner: text(reader) };
    case 'publish':
      return { name, channel: text(reader), data: data(reader) };
    case 'subscribe':
    case 'unsubscribe':
      return { name, channel: text(reader) };
    case 'releaseLeasesOf':
      return { name, owner: text(reader) };
    case undefined:
      throw new WireError('an operation that is not known here');
    default:
      return name satisfies never;
  }
}

/** @param result of {@link StateOperationResults} for that name */
export function encodeResult(name: WireOperationName, result: unknown, out: unknown[]): void {
  switch (name) {
    case 'getEntry':
      out.push(encodeEntry(result as StateOperationResults['getEntry']));
      return;
    case 'increment': {
      const { value, expiresInMs } = result as StateOperationResults['increment'];
      out.push(value, expiresInMs);
      return;
    }
    case 'compareAndSet': {
      const outcome = result as StateOperationResults['compareAndSet'];
      out.push(outcome.ok ? outcome.version : encodeEntry(outcome.current));
      return;
    }
    case 'scan': {
      const { cursor, entries } = result as StateOperationResults['scan'];
      out.push(cursor, entries.flat());
      return;
    }
    case 'clear': {
      const { cursor, removed } = result as StateOperationResults['clear'];
      out.push(cursor, removed);
      return;
    }
    default:
      out.push(result);
  }
}

/** The primary's answers are taken as they are. */
export function decodeResult(name: WireOperationName | undefined, reader: WireReader): unknown {
  const first = reader.list[reader.next++];
  switch (name) {
    case 'getEntry':
      return decodeEntry(first);
    case 'increment':
      return { value: first, expiresInMs: reader.list[reader.next++] };
    case 'compareAndSet':
      return typeof first === 'number'
        ? { ok: true, version: first }
        : { ok: false, current: decodeEntry(first) };
    case 'scan':
      return { cursor: first, entries: toPairs(reader.list[reader.next++] as unknown[]) };
    case 'clear':
      return { cursor: first, removed: reader.list[reader.next++] };
    default:
      return first;
  }
}

function encodeEntry(entry: BackendEntry | undefined): readonly unknown[] | null {
  return entry === undefined ? null : [entry.data, entry.version, entry.expiresInMs];
}

function decodeEntry(encoded: unknown): BackendEntry | undefined {
  if (encoded === null) return undefined;
  const [data, version, expiresInMs] = encoded as [StateData | number, number, number];
  return { data, version, expiresInMs };
}

function toPairs(list: readonly unknown[]): Array<readonly [string, StateData | number]> {
  const pairs: Array<readonly [string, StateData | number]> = [];
  for (let index = 0; index < list.length; index += 2) {
    pairs.push([list[index] as string, list[index + 1] as StateData | number]);
  }
  return pairs;
}

function text(reader: WireReader): string {
  const value = reader.list[reader.next++];
  if (typeof value === 'string' && value.length <= MAX_NAME_LENGTH) return value;
  throw new WireError('a name that is no text');
}

function texts(reader: WireReader): readonly string[] {
  const value = reader.list[reader.next++];
  if (!Array.isArray(value)) throw new WireError('keys that are no list');
  const inner: WireReader = { list: value, next: 0 };
  while (inner.next < value.length) text(inner);
  return value;
}

function pairs(reader: WireReader): Array<readonly [string, StateData | number]> {
  const value = reader.list[reader.next++];
  if (!Array.isArray(value)) throw new WireError('entries that are no list');
  const inner: WireReader = { list: value, next: 0 };
  const found: Array<readonly [string, StateData | number]> = [];
  while (inner.next < value.length) found.push([text(inner), data(inner)]);
  return found;
}

function data(reader: WireReader): StateData | number {
  const value = reader.list[reader.next++];
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new WireError('data that is none');
}

function integer(reader: WireReader): number {
  const value = reader.list[reader.next++];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new WireError('a number that is no safe integer');
}

function count(reader: WireReader): number {
  const value = integer(reader);
  if (value >= 0) return value;
  throw new WireError('a number below 0');
}
