// Any process of an example: where it listens, from the environment.
import { fail } from './fail.js';

export interface Settings {
  /** `HOST`; 127.0.0.1 unless given, so that an example is not open to the network by accident. */
  readonly host: string;
  /** `PORT`; 3000 unless given. */
  readonly port: number;
}

/** Ends the process with a message, and code 1, when a variable makes no sense. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const { PORT: port = '3000', HOST: host = '127.0.0.1' } = env;
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    fail(`PORT is ${JSON.stringify(port)}; expected a whole number from 1 to 65535`);
  }
  if (host.trim() === '') fail('HOST is empty; expected an address, such as 127.0.0.1 or 0.0.0.0');
  return { host, port: Number(port) };
}
