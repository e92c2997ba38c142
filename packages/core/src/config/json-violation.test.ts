import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findJsonViolation } from './json-violation.js';

it.each([
  ["{ 'password': 'hunter2' }", 2, "a name in double quotes or '}'"],
  ['{ "a": \'x\' }', 7, 'a value'],
  ['{ "a": 1, }', 10, 'a name in double quotes'],
  ['{ "a" 1 }', 6, "':'"],
  ['{ "a": 1 "b": 2 }', 9, "',' or '}'"],
  ['[1 2]', 3, "',' or ']'"],
  ['[1, ]', 4, 'a value'],
  ['[,]', 1, "a value or ']'"],
  ['[01]', 1, "a value or ']'"],
  ['"a\nb"', 0, 'a value'],
  ['"\\x"', 0, 'a value'],
  ['{} {}', 3, 'the end of the file'],
  ['\uFEFF{}', 0, 'a value'],
  ['', 0, 'a value'],
])('finds where %j is no JSON, and what is missing', (text, offset, expected) => {
  expect(findJsonViolation(text)).toEqual({ offset, expected });
});

it('finds nothing in what is JSON, and something in all else, as the parser does', () => {
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const signs = fc.constantFrom(...'{}[]:,"\\ \n0.1-e+ntrue'.split(''), 'null', 'true', '"a"');
  fc.assert(
    fc.property(fc.json(), fc.nat(), signs, (json, at, sign) => {
      const index = at % (json.length + 1);
      for (const text of [
        json,
        json.slice(0, index) + sign + json.slice(index),
        json.slice(index),
      ]) {
        expect([text, findJsonViolation(text) === undefined]).toEqual([text, isJson(text)]);
      }
    }),
    { numRuns: 300 },
  );
});
