// CLI: where the admin server is: by option, else by environment.
import { adminUrlMissing, wrongUsage } from './errors.js';

/**
 * A URL, `host:port`, or the port alone, of this machine then. A path of it is kept, for proxies.
 *
 * @throws {CliError} `USAGE`
 */
export function resolveAdminUrl(option: string | undefined, env: string | undefined): URL {
  const given = option ?? env;
  if (given === undefined || given === '') throw adminUrlMissing();
  const name = option === undefined ? 'CORRAL_ADMIN_URL' : '--admin';
  const url = parseUrl(given);
  if (url === undefined) {
    throw wrongUsage(
      `${name}: got '${masked(given)}'; expected a URL, such as http://127.0.0.1:9000`,
    );
  }
  if (!isDecodable(url.username + url.password)) {
    throw wrongUsage(`${name}: got '${masked(given)}'; in user and password, write %25 for %`);
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function parseUrl(given: string): URL | undefined {
  const text = /^\d+$/.test(given)
    ? `http://127.0.0.1:${given}`
    : given.includes('://')
      ? given
      : `http://${given}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) ? url : undefined;
}

/** Else the request would throw. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Without user and password. */
function masked(given: string): string {
  return given.replace(
    /^(.*?:\/\/)?.*@/,
    (_all, scheme: string | undefined) => `${scheme ?? ''}…@`,
  );
}
