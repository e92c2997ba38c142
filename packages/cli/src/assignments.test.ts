import { describe, expect, it } from 'vitest';
import { toMergePatch } from './assignments.js';

describe('assignments as a merge patch', () => {
  it.each([
    ['a text', ['log.level=debug'], '{"log":{"level":"debug"}}'],
    ['a text that has an equals sign', ['url=http://a/?b=c'], '{"url":"http://a/?b=c"}'],
    ['an empty text', ['prefix='], '{"prefix":""}'],
    ['what is JSON nearly', ['pattern=[a-z]'], '{"pattern":"[a-z]"}'],
    ['a number', ['limit=-1.5e3'], '{"limit":-1.5e3}'],
    ['a text of digits', ['id="007"'], '{"id":"007"}'],
    ['an object', ['log={"level": null}'], '{"log":{"level": null}}'],
    ['null', ['log.file=null'], '{"log":{"file":null}}'],
    ['several', ['a.b=1', 'a.c.d=true', 'e=[]'], '{"a":{"b":1,"c":{"d":true}},"e":[]}'],
    ['names of Object', ['__proto__.a=1', 'toString=2'], '{"__proto__":{"a":1},"toString":2}'],
  ])('takes %s', (_what, assignments, patch) => {
    expect(toMergePatch(assignments)).toBe(patch);
  });

  it.each([
    ['no value', ['log.level'], "got 'log.level'; expected <path>=<value>"],
    ['no path', ['=1'], "got '=1'"],
    ['an empty name', ['log..level=1'], "got 'log..level=1'"],
    ['the same twice', ['a.b=1', 'a.b=2'], "'a.b' is given twice"],
    ['something in what is given', ['a=1', 'a.b=2'], "'a.b' is given twice, or with something"],
    ['something around what is given', ['a.b=2', 'a=1'], "'a' is given twice, or with something"],
    ['too large a number', ['a=1e400'], 'a: 1e400 is more than a number can hold'],
    ['too long a number', ['a=12345678901234567'], `it would be a='"12345678901234567"'`],
  ])('refuses %s', (_what, assignments, message) => {
    expect(() => toMergePatch(assignments)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringContaining(message) as unknown,
      }),
    );
  });
});
