// Any process: what is wrong in a YAML file, in words of our own: the parser's quote the file, in which there
// may be secrets.
import { isAlias, isNode, visit } from 'yaml';
import type { Document, ErrorCode } from 'yaml';

const PROBLEMS: Readonly<Partial<Record<ErrorCode, string>>> = {
  ALIAS_PROPS: 'an alias can have neither anchor nor tag',
  BAD_ALIAS:
    "this is no name for an anchor or alias; a text that begins with '&' or '*' needs quotes",
  BAD_COLLECTION_TYPE: 'the tag does not fit what it stands at',
  BAD_DIRECTIVE: 'no such directive',
  BAD_DQ_ESCAPE: "no such escape sequence; double a '\\', or take single quotes",
  BAD_INDENT: 'the indentation is wrong',
  BAD_PROP_ORDER: 'an anchor or tag is in the wrong place',
  BAD_SCALAR_START: 'a text cannot begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping or list is not possible here; indent it on a line of its own',
  BLOCK_IN_FLOW: 'inside of [] and {} there can be no indented mapping or list',
  DUPLICATE_KEY: 'this name is there already; names must be unique',
  KEY_OVER_1024_CHARS: 'a name is longer than 1,024 characters',
  MISSING_CHAR: 'something is missing here, such as a quote, a colon, a comma or a space',
  MULTILINE_IMPLICIT_KEY: "a name must be on one line, with the ':' behind it",
  MULTIPLE_ANCHORS: 'there are two anchors at one value',
  MULTIPLE_DOCS: "there is more than one document; remove the '---' between them",
  MULTIPLE_TAGS: 'there are two tags at one value',
  NON_STRING_KEY: 'a name must be text',
  TAB_AS_INDENT: 'tabs cannot indent',
  TAG_RESOLVE_FAILED: "no such tag; a text that begins with '!' needs quotes",
  UNEXPECTED_TOKEN: 'this cannot stand here',
};

export function yamlProblem(code: ErrorCode): string {
  return PROBLEMS[code] ?? 'this cannot be read';
}

/** Where an alias stands whose anchor is not before it. */
export function findLostAlias(document: Document.Parsed): number | undefined {
  const anchors = new Set<string>();
  let found: number | undefined;
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) {
        if (anchors.has(node.source)) return undefined;
        found = node.range?.[0] ?? 0;
        return visit.BREAK;
      }
      if (isNode(node) && 'anchor' in node && typeof node.anchor === 'string') {
        anchors.add(node.anchor);
      }
      return undefined;
    },
  });
  return found;
}
