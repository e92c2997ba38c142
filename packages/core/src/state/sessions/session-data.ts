// Any process that runs the app: from a framework's session object to what is stored, and back. Pure.
import { serialize } from 'node:v8';
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

/** As serialized; 0 for what cannot be: the state refuses that, and says where it is. */
export function dataSizeBytes(data: SessionData): number {
  try {
    return serialize(data).byteLength;
  } catch {
    return 0;
  }
}
