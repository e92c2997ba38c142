// Any process: where a text stops being JSON, and what should be there, without a word of the text itself: it
// may be a secret, and V8 quotes it. Pure.

export interface JsonViolation {
  readonly offset: number;
  /** What JSON wants there. */
  readonly expected: string;
}

type State =
  | 'value'
  | 'firstItem'
  | 'name'
  | 'firstName'
  | 'colon'
  | 'afterItem'
  | 'afterMember'
  | 'end';

const EXPECTED: Readonly<Record<State, string>> = {
  value: 'a value',
  firstItem: "a value or ']'",
  name: 'a name in double quotes',
  firstName: "a name in double quotes or '}'",
  colon: "':'",
  afterItem: "',' or ']'",
  afterMember: "',' or '}'",
  end: 'the end of the file',
};
const SPACE = /[ \t\r\n]*/y;
const LITERAL = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
/** Between its escapes, all from the space on, without `"` and `\`. */
const STRING = /"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[ !#-[\]-\uffff]*)*"/y;

/** Undefined when the text is JSON. */
export function findJsonViolation(text: string): JsonViolation | undefined {
  /** Of the objects and arrays around, what follows a value in each. */
  const around: State[] = ['end'];
  let state: State = 'value';
  let offset = 0;

  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = offset;
    if (!pattern.test(text)) return false;
    offset = pattern.lastIndex;
    return true;
  };
  const skipSign = (sign: string): boolean => {
    if (text[offset] !== sign) return false;
    offset += 1;
    return true;
  };
  const leave = (): State => {
    around.pop();
    return around.at(-1) ?? 'end';
  };
  const readValue = (): State | undefined => {
    if (skipSign('{')) {
      around.push('afterMember');
      return 'firstName';
    }
    if (skipSign('[')) {
      around.push('afterItem');
      return 'firstItem';
    }
    return skip(STRING) || skip(LITERAL) ? (around.at(-1) ?? 'end') : undefined;
  };
  const step = (): State | undefined => {
    switch (state) {
      case 'value':
        return readValue();
      case 'firstItem':
        return skipSign(']') ? leave() : readValue();
      case 'firstName':
        if (skipSign('}')) return leave();
        return skip(STRING) ? 'colon' : undefined;
      case 'name':
        return skip(STRING) ? 'colon' : undefined;
      case 'colon':
        return skipSign(':') ? 'value' : undefined;
      case 'afterItem':
        if (skipSign(']')) return leave();
        return skipSign(',') ? 'value' : undefined;
      case 'afterMember':
        if (skipSign('}')) return leave();
        return skipSign(',') ? 'name' : undefined;
      case 'end':
        return undefined;
      default:
        return state satisfies never;
    }
  };

  for (;;) {
    skip(SPACE);
    if (state === 'end' && offset === text.length) return undefined;
    const next = step();
    if (next === undefined) return { offset, expected: EXPECTED[state] };
    state = next;
  }
}
