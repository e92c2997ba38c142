// Any process: reads a configuration file, and knows where in it everything is written.
import { configInvalid } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import type { Json } from './json-value.js';
import { findJsonViolation } from './json-violation.js';

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
  const [{ LineCounter, parseDocument, isNode }, { yamlProblem, findLostAlias }] =
    await Promise.all([import('yaml'), import('./yaml-problem.js')]);
  const lines = new LineCounter();
  // Its warnings would quote names to the console.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });

  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const refuse = (offset: number, message: string): never => {
    throw configInvalid(path, [{ path: '', message, at: at(offset) }]);
  };
  const readYaml = (): Json => {
    const error = document.errors[0];
    if (error !== undefined) refuse(error.pos[0], yamlProblem(error.code));
    try {
      return (document.toJS() ?? {}) as Json;
    } catch {
      const alias = findLostAlias(document);
      if (alias !== undefined) {
        refuse(
          alias,
          "there is no such anchor before this alias; a text that begins with '*' needs quotes",
        );
      }
      // Aliases of themselves, or more aliases of aliases than anybody writes by hand.
      throw configInvalid(path, [
        { path: '', message: 'has aliases that lead to themselves, or to too much', at: path },
      ]);
    }
  };
  const readJson = (): Json => {
    try {
      return text.trim() === '' ? {} : (JSON.parse(text) as Json);
    } catch {
      const { offset, expected } = findJsonViolation(text) ?? { offset: 0, expected: 'a value' };
      return refuse(offset, `is no JSON: ${expected} is expected here`);
    }
  };
  // YAML allows more than JSON does.
  const content = /\.json$/i.test(path) ? readJson() : readYaml();

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
    content,
    locate: (issues) =>
      issues.map((issue) => ({
        ...issue,
        at: at(positionOf(issue.path === '' ? [] : issue.path.split('.'))),
      })),
  };
}
