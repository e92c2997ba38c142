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

/** Goes to the log only; health answers say no more than that the check failed. */
export function indicatorDown(keys: readonly string[], result: unknown): Error {
  return Object.assign(new Error(`${keys.join(', ')} is down`), { result });
}
