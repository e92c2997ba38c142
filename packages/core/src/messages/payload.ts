// Any process: an app's message as bytes. Encoded once, however many processes it goes to; the primary
// passes it on unread, and knows its size.
import { serialize } from 'node:v8';
import { valueUncloneable } from '../errors.js';
import { findUncloneable } from '../values/cloneable.js';
import { deserializeOwn } from '../values/own-copy.js';

/** @throws {CorralError} `VALUE_UNCLONEABLE` */
export function encodePayload(call: string, value: unknown): Uint8Array {
  const found = findUncloneable(value);
  if (found !== undefined) throw valueUncloneable(call, found);
  return serialize(value);
}

/** @throws when it is not the bytes of a value */
export function decodePayload(data: unknown): unknown {
  return deserializeOwn(data as Uint8Array);
}
