// Any process that runs the app: sessions of express-session on the cluster's shared state. An entry point of
// its own, because it needs express-session, which apps without sessions do not have.
import { resolveSessionOptions } from '@corral/core';
import type { SessionOptions } from '@corral/core';
import type { SessionOptions as Options } from 'express-session';
import { createExpressSessionStore } from './session-store.js';

export { createExpressSessionStore } from './session-store.js';
export type { ExpressSessionStore } from './session-store.js';

export interface ExpressSessionOptions extends SessionOptions {
  /** Whether every answer sends the cookie again with a new end; needs `maxAgeMs`. Default false. */
  readonly rolling?: boolean;
  /** Whether to trust `X-Forwarded-Proto`. Default: as Express's setting `trust proxy` says. */
  readonly proxy?: boolean;
}

/**
 * Options for express-session with safe defaults, and the shared state as its store:
 *
 * ```ts
 * app.use(session(sessionOptions({ secret: process.env.SESSION_SECRET })));
 * ```
 *
 * The cookie is HttpOnly and SameSite=Lax, and with `NODE_ENV=production` Secure and named `__Host-sid`.
 * Sessions are stored when something is in them, and written when they have changed. Call
 * `req.session.regenerate()` when somebody logs in, so that an id known from before is worth nothing.
 *
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option
 */
export function sessionOptions(options: ExpressSessionOptions): Options {
  const { rolling = false, proxy } = options;
  const { cookie, secrets, store } = resolveSessionOptions(options, 'sessionOptions()', [
    'rolling',
    'proxy',
  ]);
  return {
    name: cookie.name,
    secret: secrets,
    store: createExpressSessionStore(store),
    cookie: { ...cookie.attributes },
    rolling,
    // Nothing that has not changed, and nothing that is empty: the store can touch.
    resave: false,
    saveUninitialized: false,
    unset: 'destroy',
    ...(proxy === undefined ? {} : { proxy }),
  };
}
