// Any process: an app's message as bytes. Encoded once, however many processes it goes to; the primary
// passes it on unread, and knows its size.
import { serialize } from 'node:v8';
import { messageTooLarge, valueUncloneable } from '../errors.js';
import { MAX_MESSAGE_BYTES } from '../protocol/limits.js';
import { findUncloneable } from '../values/cloneable.js';
import { deserializeOwn } from '../values/own-copy.js';

/** @throws {CorralError} `VALUE_UNCLONEABLE`, `MESSAGE_TOO_LARGE` */
export function encodePayload(call: string, value: unknown): Uint8Array {
  const found = findUncloneable(value);
  if (found !== undefined) throw valueUncloneable(call, found);
  const data = serialize(value);
  if (data.length > MAX_MESSAGE_BYTES) {
    throw messageTooLarge(call, data.length, MAX_MESSAGE_BYTES);
  }
  return data;
}

/** @throws when it is not the bytes of a value */
export function decodePayload(data: unknown): unknown {
  return deserializeOwn(data as Uint8Array);
}
