// Any process that runs the app: from a framework's session object to what is stored, and back. Pure.
import { isDeepStrictEqual } from 'node:util';
import type { StateData } from '../state-backend.js';
import { decodeValue, encodeValue } from '../value-codec.js';
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

/** As it lies in the state, to compare with and to tell changes from. */
export interface StoredSession {
  readonly data: StateData | number;
  /** When its cookie ended as it was stored. A touch changes only how long it is kept. */
  readonly expires: SessionCookie['expires'];
}

/** Neither a tombstone nor what somebody else has put there. */
export function isSession(value: unknown): value is SessionData {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, 'cookie') === 'object'
  );
}

/** Undefined for what is no session. */
export function decodeSession(data: StateData | number): SessionData | undefined {
  const value = decodeValue(data);
  return isSession(value) ? value : undefined;
}

/** @throws {CorralError} `STATE_VALUE_UNSUPPORTED` */
export function encodeSession(session: SessionData): StoredSession {
  return { data: encodeValue(session), expires: session.cookie.expires };
}

/**
 * Whether a session is in no way different from what is stored, but for the time when its cookie ends.
 * Exactly: the frameworks look at JSON alone, in which a Map has no content and the cookie may be missing.
 */
export function isStored(session: SessionData, { data, expires }: StoredSession): boolean {
  const { cookie } = session;
  if ((cookie.expires == null) !== (expires == null)) return false;
  const asStored = { ...session, cookie: expires == null ? cookie : { ...cookie, expires } };
  const now = encodeValue(asStored);
  if (now === data) return true;
  // Bytes can differ where values do not: one and the same number is written in more than one way.
  const isBinary = now instanceof Uint8Array && data instanceof Uint8Array;
  return isBinary && isDeepStrictEqual(decodeValue(now), decodeValue(data));
}

/** Without the keys that are symbols: those are the framework's own. */
export function plainSession(session: SessionLike): SessionData {
  const plain = { ...session, cookie: plainCookie(session.cookie) };
  for (const symbol of Object.getOwnPropertySymbols(plain)) Reflect.deleteProperty(plain, symbol);
  return plain;
}

function plainCookie(cookie: SessionCookie): SessionCookie {
  const given = cookie.toJSON?.() ?? cookie;
  const plain: Record<string, unknown> = {};
  for (const name of Object.keys(given)) {
    const value: unknown = Reflect.get(given, name);
    // @fastify/session's own note of when the cookie ended as it was loaded.
    if (value === undefined || name === 'originalExpires') continue;
    // As text: with dates inside, a session would not be stored as JSON.
    plain[name] = value instanceof Date ? value.toJSON() : value;
  }
  return plain;
}

/**
 * With the time that the session really has left: touching it changes only how long it is kept, not
 * what is stored.
 */
export function restoredSession(
  data: SessionData,
  expiresInMs: number,
  nowMs: number,
): SessionData {
  const { cookie } = data;
  if (cookie.expires == null || expiresInMs < 0) return data;
  return { ...data, cookie: { ...cookie, expires: new Date(nowMs + expiresInMs) } };
}
