// CLI: `log.level=debug limit=5` as a JSON merge patch. Pure.
import { wrongUsage } from './errors.js';

/** What a name leads to: JSON text, or more names. */
type Branch = Map<string, string | Branch>;

/**
 * Values are JSON when they are JSON, else texts. They stay the text that was given, so that nothing of them is
 * lost here.
 *
 * @returns the patch as JSON
 * @throws {CliError} `USAGE`
 */
export function toMergePatch(assignments: readonly string[]): string {
  const root: Branch = new Map();
  for (const assignment of assignments) {
    const path = pathOf(assignment);
    const names = path.split('.');
    if (names.includes('')) {
      throw wrongUsage(`got '${assignment}'; expected <path>=<value>, such as log.level=debug`);
    }
    put(root, names, toJson(path, assignment.slice(path.length + 1)));
  }
  return toText(root);
}

/**
 * In a merge patch, `servers.0.host` is an object with a member `0`, which would take the place of an array.
 *
 * @param current the configuration in force
 * @throws {CliError} `USAGE`
 */
export function requireNoArrayParts(assignments: readonly string[], current: unknown): void {
  for (const path of assignments.map(pathOf)) {
    let value = current;
    const seen: string[] = [];
    for (const name of path.split('.')) {
      if (Array.isArray(value) && /^\d+$/.test(name)) {
        const array = seen.join('.');
        throw wrongUsage(
          array === ''
            ? `'${path}': the configuration is an array, and arrays are replaced as a whole, by \`corral config replace\``
            : `'${path}': ${array} is an array, and arrays are replaced as a whole: corral config set ${array}='[…]'`,
        );
      }
      const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
      value = isThere ? (value as Record<string, unknown>)[name] : undefined;
      seen.push(name);
    }
  }
}

/** '' when there is none. */
function pathOf(assignment: string): string {
  const at = assignment.indexOf('=');
  return at < 0 ? '' : assignment.slice(0, at);
}

function put(root: Branch, names: readonly string[], value: string): void {
  const path = names.join('.');
  const last = names.at(-1) ?? '';
  let branch = root;
  for (const name of names.slice(0, -1)) {
    const next: string | Branch = branch.get(name) ?? new Map<string, string | Branch>();
    if (typeof next === 'string') throw overlap(path);
    branch.set(name, next);
    branch = next;
  }
  if (branch.has(last)) throw overlap(path);
  branch.set(last, value);
}

function overlap(path: string): Error {
  return wrongUsage(`'${path}' is given twice, or with something that is in it`);
}

function toText(node: string | Branch): string {
  if (typeof node === 'string') return node;
  const members = [...node].map(([name, value]) => `${JSON.stringify(name)}:${toText(value)}`);
  return `{${members.join(',')}}`;
}

function toJson(path: string, value: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return JSON.stringify(value);
  }
  // It would arrive as another number.
  if (typeof parsed === 'number' && !isExact(value, parsed)) {
    throw wrongUsage(
      `${path}: ${value} is more than a number can hold; as a text it would be ${path}='"${value}"'`,
    );
  }
  return value;
}

function isExact(text: string, parsed: number): boolean {
  return Number.isFinite(parsed) && (!/^\s*-?\d+\s*$/.test(text) || Number.isSafeInteger(parsed));
}
