// Any process that runs the app: from a framework's session object to what is stored, and back. Pure.
import { deserialize, serialize } from 'node:v8';
import type { SessionCookie } from './session-cookie.js';

/** What is stored of a session: its own properties, and its cookie as plain data. */
export interface SessionData {
  readonly cookie: SessionCookie;
  readonly [property: string]: unknown;
}

/** A session object of a framework. */
export interface SessionLike {
  readonly cookie: SessionCookie;
}

/** Keys that are symbols are the framework's own. */
export function plainSession(session: SessionLike): SessionData {
  const { cookie } = session;
  const plainCookie = Object.entries(cookie.toJSON?.() ?? cookie)
    .filter(([, value]) => value !== undefined)
    // As text: with dates inside, a session would not be stored as JSON.
    .map(([name, value]) => [name, value instanceof Date ? value.toJSON() : (value as unknown)]);
  return {
    ...Object.fromEntries(Object.entries(session)),
    cookie: Object.fromEntries(plainCookie) as SessionCookie,
  };
}

/**
 * With the time that the session really has left: touching it changes only how long it is kept, not
 * what is stored.
 */
export function restoredSession(
  data: SessionData,
  expiresInMs: number | undefined,
  nowMs: number,
): SessionData {
  const { cookie } = data;
  if (cookie.expires == null || expiresInMs === undefined) return data;
  return { ...data, cookie: { ...cookie, expires: new Date(nowMs + expiresInMs) } };
}

/**
 * A copy of a session, to compare with and to tell changes from: as bytes, which cost less than a clone, and
 * of which Buffers come back as Buffers. Of when the cookie ends it says only whether it does: that is kept
 * as the life of what is stored, and a touch changes it.
 *
 * @returns undefined for what cannot be serialized
 */
export function packSession(data: SessionData): Buffer | undefined {
  const { expires, ...cookie } = data.cookie;
  // @fastify/session's own note of when the cookie ended as it was loaded.
  Reflect.deleteProperty(cookie, 'originalExpires');
  try {
    return serialize({ ...data, cookie: { ...cookie, ends: expires != null } });
  } catch {
    return undefined;
  }
}

/** Its own properties; the cookie is not as it was. */
export function unpackSession(packed: Buffer): SessionData {
  return deserialize(packed) as SessionData;
}
