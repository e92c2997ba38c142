// Any process: how a value lies in Redis: `<version> <kind> <data>`, readable with redis-cli, in one
// string, so that a plain GET brings it with its version.
import type { StateData } from '@corral/core';
import { foreignValue } from './errors.js';

export const VERSION_DIGITS = 16;
export const KIND_AT: number = VERSION_DIGITS + 1;
export const DATA_AT: number = KIND_AT + 2;
const SPACE: number = ' '.charCodeAt(0);
const MIN_VERSION = 1e15;
const VERSIONS = 8e15;

/**
 * A version that the key has never had. By chance, as nobody can tell which it had before: a counter would
 * have to be read, in a script, and kept of keys that are gone. One of 8 × 10¹⁵, all of as many digits,
 * and safe integers.
 */
export function newVersion(): number {
  return MIN_VERSION + Math.floor(Math.random() * VERSIONS);
}

/** A version as it lies in Redis, so that scripts compare it as text. Lua would not format it exactly. */
export function versionText(version: number): string {
  return String(version).padStart(VERSION_DIGITS, '0');
}

/** `<version> <kind> <data>` */
export function toStored(version: number, data: StateData | number): string | Buffer {
  return toTagged(`${versionText(version)} `, data);
}

/** `<kind> <data>` */
export function toMessage(data: StateData | number): string | Buffer {
  return toTagged('', data);
}

function toTagged(before: string, data: StateData | number): string | Buffer {
  if (typeof data === 'number') return `${before}n ${data}`;
  if (typeof data === 'string') return `${before}s ${data}`;
  return Buffer.concat([Buffer.from(`${before}b `, 'latin1'), data]);
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
