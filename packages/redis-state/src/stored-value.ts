// Any process: how a value lies in Redis: `<version> <kind> <data>`, readable with redis-cli, in one
// string, so that a plain GET brings it with its version.
import type { StateData } from '@corral/core';
import { foreignValue } from './errors.js';

/** As many digits as microseconds since 1970 have from 2001 to 2286. The scripts write the same. */
export const VERSION_DIGITS = 16;
export const KIND_AT: number = VERSION_DIGITS + 1;
export const DATA_AT: number = KIND_AT + 2;
const SPACE: number = ' '.charCodeAt(0);
const BYTES_KIND: Buffer = Buffer.from('b ');

/** `<kind> <data>`: a value without its version, as the scripts take it, and a message. */
export function toStored(data: StateData | number): string | Buffer {
  if (typeof data === 'number') return `n ${data}`;
  if (typeof data === 'string') return `s ${data}`;
  return Buffer.concat([BYTES_KIND, data]);
}

export interface StoredValue {
  readonly data: StateData | number;
  readonly version: number;
}

export function fromStored(raw: Buffer): StoredValue {
  return { version: Number(raw.toString('latin1', 0, VERSION_DIGITS)), data: dataFromStored(raw) };
}

/** @throws {CorralError} `STATE_UNAVAILABLE` when Corral has not written it */
export function dataFromStored(raw: Buffer): StateData | number {
  const data = toData(raw, KIND_AT);
  if (data === undefined || raw[VERSION_DIGITS] !== SPACE) throw foreignValue();
  return data;
}

/** Undefined when it is not one of Corral's. */
export function fromMessage(raw: Buffer): StateData | number | undefined {
  return toData(raw, 0);
}

function toData(raw: Buffer, kindAt: number): StateData | number | undefined {
  if (raw[kindAt + 1] !== SPACE) return undefined;
  const dataAt = kindAt + DATA_AT - KIND_AT;
  switch (String.fromCharCode(raw[kindAt] ?? 0)) {
    case 'n':
      return Number(raw.toString('latin1', dataAt));
    case 's':
      return raw.toString('utf8', dataAt);
    case 'b':
      return raw.subarray(dataAt);
    default:
      return undefined;
  }
}
