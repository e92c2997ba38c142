// Any process that runs the app: what the helpers of all frameworks take for sessions; checked in one place.
import { invalidArgument } from '../../errors.js';
import { refuseUnknownOptions } from '../known-options.js';
import { resolveSessionCookie } from './session-cookie.js';
import type { ResolvedSessionCookie, SessionCookieOptions } from './session-cookie.js';
import { SESSION_STORE_OPTIONS } from './session-store-options.js';
import type { SessionStoreOptions } from './session-store-options.js';

export interface SessionOptions extends SessionStoreOptions, SessionCookieOptions {
  /**
   * What the cookie is signed with: at least 32 characters, the same in every process and after every
   * start, so from the environment. Several rotate: the first signs, all are accepted, so that one can be
   * replaced without ending the sessions that it has signed.
   */
  readonly secret: string | readonly string[] | undefined;
}

export interface ResolvedSessionOptions {
  readonly cookie: ResolvedSessionCookie;
  readonly secrets: string[];
  /** For `createSessionStore()`, which checks them. */
  readonly store: SessionStoreOptions;
}

const COOKIE_OPTIONS = ['name', 'secure', 'sameSite', 'path', 'domain', 'maxAgeMs'];
const MIN_SECRET_LENGTH = 32;

/**
 * @param call the function that the user called, for errors
 * @param own the options of the framework's helper itself, each true, false or undefined
 * @throws {CorralError} `INVALID_ARGUMENT`
 */
export function resolveSessionOptions(
  options: SessionOptions,
  call: string,
  own: readonly string[],
): ResolvedSessionOptions {
  refuseUnknownOptions(
    options,
    [...SESSION_STORE_OPTIONS, ...COOKIE_OPTIONS, 'secret', ...own],
    call,
  );
  for (const option of own) {
    const value: unknown = Reflect.get(options, option);
    if (value === undefined || typeof value === 'boolean') continue;
    throw invalidArgument(`${call}, options.${option}`, value, 'true, false, or nothing');
  }
  const ofStore = Object.entries(options).filter(([name]) => SESSION_STORE_OPTIONS.includes(name));
  return {
    cookie: resolveSessionCookie(options, call),
    secrets: resolveSecrets(options.secret, call),
    store: Object.fromEntries(ofStore),
  };
}

function resolveSecrets(secret: unknown, call: string): string[] {
  const secrets: unknown[] = Array.isArray(secret) ? secret : [secret];
  if (secrets.length > 0 && secrets.every(isStrong)) return secrets;
  // Without what was given: errors end up in logs.
  throw invalidArgument(
    `${call}, options.secret`,
    secret === undefined ? undefined : '…',
    `at least ${MIN_SECRET_LENGTH} characters that are the same in every process, or several such texts, the newest first`,
  );
}

function isStrong(secret: unknown): secret is string {
  return typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH;
}
