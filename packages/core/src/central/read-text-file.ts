// Primary or single process: reads the small files in which the kernel tells limits.
import fs from 'node:fs';

/** Undefined when there is none to read. */
export function readTextFile(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
