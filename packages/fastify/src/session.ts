// Any process that runs the app: sessions of @fastify/session on the cluster's shared state. An entry point
// of its own, because it needs @fastify/session, which apps without sessions do not have.
import { resolveSessionOptions } from '@corral/core';
import type { SessionOptions } from '@corral/core';
import type { FastifySessionOptions } from '@fastify/session';
import { createFastifySessionStore } from './session-store.js';

export { createFastifySessionStore } from './session-store.js';
export type { FastifySessionStore } from './session-store.js';

export interface ClusterSessionOptions extends SessionOptions {
  /**
   * Whether every request prolongs the session. @fastify/session cannot touch a session otherwise: it
   * ends `maxAgeMs` after its last change. Costs a step on the state for each request, which writes
   * nothing but the time. Default false.
   */
  readonly rolling?: boolean;
}

/**
 * Options for @fastify/session with safe defaults, and the shared state as its store:
 *
 * ```ts
 * await app.register(fastifyCookie);
 * await app.register(fastifySession, sessionOptions({ secret: process.env.SESSION_SECRET }));
 * ```
 *
 * The cookie is HttpOnly and SameSite=Lax, and with `NODE_ENV=production` Secure and named `__Host-sid`.
 * Sessions are stored when something is in them, and written when they have changed. Call
 * `request.session.regenerate()` when somebody logs in, so that an id known from before is worth nothing.
 *
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option
 */
export function sessionOptions(options: ClusterSessionOptions): FastifySessionOptions {
  const { rolling = false } = options;
  const { cookie, secrets, store } = resolveSessionOptions(options, 'sessionOptions()', [
    'rolling',
  ]);
  return {
    cookieName: cookie.name,
    secret: secrets,
    store: createFastifySessionStore(store),
    cookie: { ...cookie.attributes },
    rolling,
    saveUninitialized: false,
  };
}
