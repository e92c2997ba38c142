// Any process that runs the app: every error this package makes.
import { CorralError } from '@corral/core';

export function invalidMiddlewareOption(
  call: string,
  option: string,
  value: unknown,
  expected: string,
): CorralError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new CorralError(
    'INVALID_ARGUMENT',
    `${call}, options.${option}: got ${shown}; expected ${expected}`,
    { details: [{ path: option, value, expected }] },
  );
}
