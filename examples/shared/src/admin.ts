// Primary of an example, or its single process: its admin server, from the environment.
import type { BootstrapOptions } from '@corral/core';
import { fail } from './fail.js';

/**
 * The option of `bootstrap()`: with `ADMIN_PORT` an admin server there, for this machine only, which also takes changes
 * of the configuration. Ends the process with a message, and code 1, when that is no port.
 */
export function adminOptions(
  { ADMIN_PORT }: NodeJS.ProcessEnv = process.env,
): Pick<BootstrapOptions, 'admin'> {
  if (ADMIN_PORT === undefined || ADMIN_PORT === '') return {};
  const port = /^\d{1,5}$/.test(ADMIN_PORT) ? Number(ADMIN_PORT) : 0;
  if (port < 1 || port > 65_535) {
    fail(`ADMIN_PORT is ${JSON.stringify(ADMIN_PORT)}; expected a whole number from 1 to 65535`);
  }
  return { admin: { port, configWrites: true } };
}
