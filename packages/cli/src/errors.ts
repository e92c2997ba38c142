// CLI: every error that the program ends with, and its exit code.

/** What the exit code of `corral` says. */
export const EXIT_CODES = {
  /** The change was refused, failed, or has not reached every process; or what was asked for is not there. */
  FAILED: 1,
  /** The command line, or the file that it names, is wrong. No change was sent. */
  USAGE: 2,
  /** The admin server cannot be reached, does not answer, or is none. */
  UNREACHABLE: 3,
  /** The configuration is of another version than `--expect-version`. Nothing was changed. */
  CONFLICT: 4,
} as const;

export type CliErrorCode = keyof typeof EXIT_CODES;

export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export function wrongUsage(message: string): CliError {
  return new CliError('USAGE', message);
}

export function adminUrlMissing(): CliError {
  return wrongUsage(
    'which cluster? Name its admin server with --admin or in CORRAL_ADMIN_URL, such as http://127.0.0.1:9000',
  );
}

export function inputUnreadable(file: string, cause: unknown): CliError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? 'there is no such file' : message;
  return new CliError('USAGE', `cannot read ${file}: ${why}`, { cause });
}

/** Without the text itself: it may have secrets. */
export function inputNotJson(file: string, where: string, cause: unknown): CliError {
  return new CliError('USAGE', `${file}${where} is not JSON; nothing was sent`, { cause });
}

/** @param why such as `ECONNREFUSED` */
export function notReachable(url: URL, why: string, cause: unknown): CliError {
  const { port, protocol } = url;
  const options = `{ admin: { port: ${port === '' ? defaultPort(protocol) : port} } }`;
  return new CliError(
    'UNREACHABLE',
    `nothing answers at ${shown(url)} (${why})\n` +
      `Does the program run, with bootstrap(main, ${options})? Name another address with --admin or CORRAL_ADMIN_URL.`,
    { cause },
  );
}

export function noAnswer(url: URL, why: string, isChange: boolean, cause?: unknown): CliError {
  const outcome = isChange
    ? '\nWhether the change was made is not known: `corral config get` tells what is in force.'
    : '';
  return new CliError('UNREACHABLE', `no answer from ${shown(url)}: ${why}${outcome}`, { cause });
}

export function notAdminServer(url: URL, status: number): CliError {
  return new CliError(
    'UNREACHABLE',
    `${shown(url)} answers (HTTP ${status}), but is no admin server of Corral\n` +
      "Is it the app's own port? The admin server has a port of its own: bootstrap(main, { admin: { port } }).",
  );
}

export function configMissing(url: URL): CliError {
  return new CliError(
    'FAILED',
    `the cluster at ${shown(url)} has no configuration; give bootstrap() one: { config: defineConfig(…) }`,
  );
}

export function valueMissing(path: string, parent: string, names: readonly string[]): CliError {
  const where = parent === '' ? 'the configuration' : `'${parent}'`;
  const has = names.length === 0 ? 'has nothing in it' : `has: ${names.join(', ')}`;
  return new CliError('FAILED', `there is no '${path}' in the configuration; ${where} ${has}`);
}

/** What the admin server itself says. */
export function refusedByServer(code: CliErrorCode, message: string): CliError {
  return new CliError(code, message);
}

/** Without what a URL may have of user and password. */
function shown({ origin, pathname }: URL): string {
  return pathname === '/' ? origin : origin + pathname;
}

function defaultPort(protocol: string): number {
  return protocol === 'https:' ? 443 : 80;
}
