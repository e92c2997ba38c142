// CLI: what is at a dotted path of the configuration. Pure.
import { valueMissing } from './errors.js';

/** @throws {CliError} `FAILED`, with what is there instead */
export function valueAt(root: unknown, path: string): unknown {
  let value = root;
  const seen: string[] = [];
  for (const name of path.split('.')) {
    const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if (!names.includes(name)) throw valueMissing(path, seen.join('.'), names);
    value = (value as Record<string, unknown>)[name];
    seen.push(name);
  }
  return value;
}
