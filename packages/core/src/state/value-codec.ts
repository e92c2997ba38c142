// Any process: what a value looks like inside a store. All stores keep the same bytes, so they carry and
// refuse the same values.
import v8 from 'node:v8';
import { stateValueUnsupported } from '../errors.js';
import { inspectValue } from '../values/cloneable.js';
import type { Uncloneable } from '../values/cloneable.js';
import { deserializeOwn } from '../values/own-copy.js';
import type { StateData } from './state-backend.js';

/** Marks JSON among strings: whoever looks into a store tells the three kinds apart by the first byte. */
const JSON_TAG = 'j';

/**
 * Encodes a value: a number that can be incremented as itself, what JSON carries without loss as text
 * (short, quick, readable in Redis), everything else as a structured clone.
 *
 * @throws {CorralError} `STATE_VALUE_UNSUPPORTED`
 */
export function encodeValue(value: unknown): StateData | number {
  // Not -0, NaN and the infinities: stores that count in text would change them.
  if (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)) return value;
  if (value === undefined) throw stateValueUnsupported({ path: '', what: 'undefined' });
  let uncloneable: Uncloneable | undefined;
  try {
    const inspection = inspectValue(value);
    ({ uncloneable } = inspection);
    if (uncloneable === undefined) {
      return inspection.isJson ? JSON_TAG + JSON.stringify(value) : v8.serialize(value);
    }
  } catch (error) {
    // A getter that throws, or a type that this Node.js does not write.
    throw stateValueUnsupported({ path: '', what: 'something that cannot be serialized' }, error);
  }
  throw stateValueUnsupported(uncloneable);
}

/** @throws {CorralError} `STATE_VALUE_UNSUPPORTED` when it is none of ours: another release's, or damaged */
export function decodeValue(data: StateData | number): unknown {
  if (typeof data === 'number') return data;
  try {
    if (typeof data !== 'string') return deserializeOwn(data);
    if (data.startsWith(JSON_TAG)) return JSON.parse(data.slice(JSON_TAG.length));
  } catch (error) {
    throw stateValueUnsupported({ path: '', what: 'data that cannot be read' }, error);
  }
  throw stateValueUnsupported({ path: '', what: 'data that was not written by Corral' });
}

/** How much of a store's room a value takes, in bytes. */
export function sizeOfData(data: StateData | number): number {
  if (typeof data === 'number') return 8;
  return typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength;
}
