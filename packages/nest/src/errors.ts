// Any process: every error this package makes.
import { CorralError } from '@corral/core';
import type { OptionIssue } from '@corral/core';

export function invalidNestOptions(issues: readonly OptionIssue[]): CorralError {
  const lines = issues.map(({ path, value, expected }) => {
    const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
    return `  options.${path}: got ${shown}; expected ${expected}`;
  });
  return new CorralError(
    'INVALID_OPTIONS',
    `bootstrap() was given wrong options; nothing was started:\n${lines.join('\n')}`,
    { details: issues },
  );
}

export function notAModule(value: unknown): CorralError {
  return new CorralError(
    'INVALID_ARGUMENT',
    `bootstrap(module): got ${String(value)}; expected the root module, a class with @Module() or a dynamic module`,
  );
}

export function invalidModuleOption(option: string, value: unknown, expected: string): CorralError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new CorralError(
    'INVALID_ARGUMENT',
    `ClusterModule, options.${option}: got ${shown}; expected ${expected}`,
    { details: [{ path: option, value, expected }] },
  );
}

/** Goes to the log only; health answers say no more than that the check failed. */
export function indicatorDown(keys: readonly string[], result: unknown): Error {
  return Object.assign(new Error(`${keys.join(', ')} is down`), { result });
}

/** @param job as in `Reports.send` */
export function notScheduled(job: string): CorralError {
  return new CorralError(
    'INVALID_ARGUMENT',
    `@RunOnce() on ${job}: it is no handler of @Cron() or @Interval(); for other work use cluster.runExclusive() or cluster.singleton()`,
  );
}

export function notInjected(job: string): CorralError {
  return new CorralError(
    'INVALID_ARGUMENT',
    `@RunOnce() on ${job}: Nest has not made this object; let the class itself be the provider, with useClass`,
  );
}
