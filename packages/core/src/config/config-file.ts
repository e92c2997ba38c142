// Any process: reads a configuration file, and knows where in it everything is written.
import { configInvalid } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import type { Json } from './json-value.js';

export interface ConfigFile {
  readonly text: string;
  readonly content: Json;
  /** Adds to each issue where it is written, as in `config.yaml:3:5`. */
  locate(issues: readonly ConfigIssue[]): readonly ConfigIssue[];
}

/**
 * JSON or YAML, by the ending of the path. An empty file is an empty object.
 *
 * @throws {CorralError} `CONFIG_INVALID`, with path and line
 */
export async function parseConfigFile(path: string, text: string): Promise<ConfigFile> {
  // Only who has a file pays for the parser. JSON is YAML, and it knows the lines of both.
  const { LineCounter, parseDocument, isNode } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });

  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const isJson = /\.json$/i.test(path);
  const syntaxError = document.errors[0];
  const strict = isJson ? parseJson(text) : undefined;
  if (strict?.ok === false || (!isJson && syntaxError !== undefined)) {
    const offset = syntaxError?.pos[0] ?? offsetIn(strict) ?? text.length;
    const message = syntaxError?.message ?? (strict?.ok === false ? strict.message : '');
    throw configInvalid(path, [{ path: '', message, at: at(offset) }]);
  }

  const positionOf = (names: readonly string[]): number => {
    // What is missing is looked for where it should have been.
    for (let length = names.length; length > 0; length--) {
      const node: unknown = document.getIn(names.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  };
  return {
    text,
    content: strict?.ok === true ? strict.value : toValue(document, path),
    locate: (issues) =>
      issues.map((issue) => ({
        ...issue,
        at: at(positionOf(issue.path === '' ? [] : issue.path.split('.'))),
      })),
  };
}

function toValue(document: { toJS(): unknown }, path: string): Json {
  try {
    return (document.toJS() ?? {}) as Json;
  } catch (error) {
    // More aliases of aliases than anybody writes by hand.
    throw configInvalid(path, [{ path: '', message: (error as Error).message, at: path }]);
  }
}

type Parsed =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly message: string };

/** YAML allows more than JSON does. */
function parseJson(text: string): Parsed {
  if (text.trim() === '') return { ok: true, value: {} };
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    return { ok: false, message: (error as SyntaxError).message };
  }
}

function offsetIn(parsed: Parsed | undefined): number | undefined {
  if (parsed?.ok !== false) return undefined;
  const position = /at position (\d+)/.exec(parsed.message)?.[1];
  return position === undefined ? undefined : Number(position);
}
