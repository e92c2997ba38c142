// Any process that runs the app: the session's cookie: how long it lets a session live, and safe defaults.
import { invalidArgument } from '../../errors.js';

/** What express-session and @fastify/session keep of a session's cookie. */
export interface SessionCookie {
  /** null or undefined: until the browser is closed. */
  readonly expires?: Date | string | null | undefined;
  /** Its plain data, of the frameworks' own classes. */
  toJSON?(): unknown;
}

/** How long the session is kept, in ms; 0 or less: it has ended. Pure. */
export function sessionTtlMs(cookie: SessionCookie, withoutEndMs: number, nowMs: number): number {
  if (cookie.expires == null) return withoutEndMs;
  const endMs = new Date(cookie.expires).getTime();
  return Number.isNaN(endMs) ? withoutEndMs : Math.ceil(endMs - nowMs);
}

export interface SessionCookieOptions {
  /**
   * The cookie's name. Default `__Host-sid` when it is `secure: true` and neither `path` nor `domain` says
   * otherwise: browsers then take it only from this host and over TLS. Else `sid`.
   */
  readonly name?: string;
  /**
   * Whether the cookie travels over TLS only. `'auto'` decides by each request: behind a proxy that ends
   * TLS, the app must trust that proxy. Default: true with `NODE_ENV=production`, else `'auto'`.
   */
  readonly secure?: boolean | 'auto';
  /** `'none'` needs `secure: true`. Default `'lax'`. */
  readonly sameSite?: 'lax' | 'strict' | 'none';
  /** The part of the site that has sessions. Default `/`. */
  readonly path?: string;
  /** Default: none, so that only this host gets the cookie, and no other below the domain. */
  readonly domain?: string;
  /** How long the cookie and its session live, in ms. Default: the cookie until the browser is closed. */
  readonly maxAgeMs?: number;
}

export interface ResolvedSessionCookie {
  readonly name: string;
  readonly attributes: {
    readonly httpOnly: true;
    readonly secure: boolean | 'auto';
    readonly sameSite: 'lax' | 'strict' | 'none';
    readonly path: string;
    readonly domain?: string;
    readonly maxAge?: number;
  };
}

/**
 * @param call the function that the user called, for errors
 * @throws {CorralError} `INVALID_ARGUMENT`, also for what browsers would silently refuse
 */
export function resolveSessionCookie(
  options: SessionCookieOptions,
  call: string,
): ResolvedSessionCookie {
  const {
    secure = process.env['NODE_ENV'] === 'production' ? true : 'auto',
    sameSite = 'lax',
    path = '/',
    domain,
    maxAgeMs,
  } = options;
  const isHostOnly = secure === true && path === '/' && domain === undefined;
  const { name = isHostOnly ? '__Host-sid' : 'sid' } = options;
  const check = (option: string, value: unknown, isFine: boolean, expected: string): void => {
    if (!isFine) throw invalidArgument(`${call}, options.${option}`, value, expected);
  };
  check(
    'secure',
    secure,
    typeof secure === 'boolean' || secure === 'auto',
    "true, false or 'auto'",
  );
  check(
    'name',
    name,
    typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name),
    'a name that cookies may have',
  );
  check(
    'name',
    name,
    !name.startsWith('__Host-') || isHostOnly,
    "with __Host-: secure: true, path '/' and no domain, or browsers refuse the cookie",
  );
  check(
    'name',
    name,
    !name.startsWith('__Secure-') || secure === true,
    'with __Secure-: secure: true, or browsers refuse the cookie',
  );
  check(
    'sameSite',
    sameSite,
    ['lax', 'strict'].includes(sameSite) || (sameSite === 'none' && secure === true),
    "'lax', 'strict', or with secure: true 'none'",
  );
  check('path', path, typeof path === 'string' && path.startsWith('/'), 'a path, such as /');
  check(
    'domain',
    domain,
    domain === undefined || (typeof domain === 'string' && /^\.?[\w-]+(?:\.[\w-]+)*$/.test(domain)),
    'a domain, such as example.org, or nothing',
  );
  check(
    'maxAgeMs',
    maxAgeMs,
    maxAgeMs === undefined || (Number.isSafeInteger(maxAgeMs) && maxAgeMs >= 1_000),
    'a whole number of ms, at least 1000',
  );
  return {
    name,
    attributes: {
      httpOnly: true,
      secure,
      sameSite,
      path,
      ...(domain === undefined ? {} : { domain }),
      ...(maxAgeMs === undefined ? {} : { maxAge: maxAgeMs }),
    },
  };
}
