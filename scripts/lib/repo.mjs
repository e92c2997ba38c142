// Where things lie in the repository, and how its scripts talk to people.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Scratch files of the scripts: reports, stamps, logs. Ignored by git, safe to delete. */
export const cacheDir = join(root, '.cache');

const colour = process.stderr.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (colour ? `\u001B[${code}m${text}\u001B[0m` : text);
export const dim = (text) => paint(2, text);
export const red = (text) => paint(31, text);
export const green = (text) => paint(32, text);

/** Progress goes to stderr, so that stdout stays the result's. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

export function seconds(startedMs) {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}

/** A failure that needs no stack: the message says what to do. */
export class UserError extends Error {}

/** Runs a script's main function; prints what went wrong; sets the exit code. */
export async function main(run) {
  try {
    const code = await run();
    if (typeof code === 'number') process.exitCode = code;
  } catch (error) {
    say(red(error instanceof UserError ? `\n${error.message}` : `\n${error?.stack ?? error}`));
    process.exitCode = 1;
  }
}

export function hashFiles(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    hash.update(path.slice(root.length));
    hash.update('\0');
    hash.update(readFileSync(path));
    hash.update('\0');
  }
  return hash.digest('hex');
}
