// Primary or single process: reads files of NAME=value lines.
import fs from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { envFileUnreadable } from './errors.js';

/**
 * What the files add to an environment: later files win over earlier ones, and `env` over all.
 *
 * @throws {CorralError} `ENV_FILE_UNREADABLE`
 */
export function readEnvFiles(
  files: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const added: Record<string, string> = {};
  for (const file of files) {
    for (const [name, value] of Object.entries(parseEnv(readFile(path.resolve(cwd, file))))) {
      if (env[name] === undefined && value !== undefined) added[name] = value;
    }
  }
  return added;
}

function readFile(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw envFileUnreadable(file, error);
  }
}
