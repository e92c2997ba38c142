// Any process that runs the app: every error this package makes.
import { CorralError } from '@corral/core';

/** The code of the 503 that load shedding answers with; stable, for clients to tell it from others. */
export const OVERLOADED = 'OVERLOADED';

export interface OverloadedBody {
  readonly statusCode: 503;
  readonly code: typeof OVERLOADED;
  readonly error: 'Service Unavailable';
  readonly message: string;
}

export function overloadedBody(retryAfterSeconds: number): OverloadedBody {
  return {
    statusCode: 503,
    code: OVERLOADED,
    error: 'Service Unavailable',
    message: `the server is overloaded; try again in ${retryAfterSeconds} s`,
  };
}

/** @param option as a path from the plugin's options, such as `loadShedding.retryAfterSeconds` */
export function invalidPluginOption(option: string, value: unknown, expected: string): CorralError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new CorralError(
    'INVALID_ARGUMENT',
    `clusterPlugin, options.${option}: got ${shown}; expected ${expected}`,
    { details: [{ path: option, value, expected }] },
  );
}
