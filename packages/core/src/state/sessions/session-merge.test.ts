import { describe, expect, it } from 'vitest';
import { mergeSessions } from './session-merge.js';

const cookie = { expires: null };
const session = (properties: object): { cookie: object; [name: string]: unknown } => ({
  cookie,
  ...properties,
});

describe('mergeSessions', () => {
  it.each([
    ['their change and mine', { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 2 }, { a: 2, b: 2 }],
    ['what each has added', {}, { mine: 1 }, { theirs: 1 }, { mine: 1, theirs: 1 }],
    ['what I have deleted', { a: 1, b: 1 }, { b: 1 }, { a: 1, b: 2 }, { b: 2 }],
    ['what they have deleted', { a: 1, b: 1 }, { a: 1, b: 2 }, { b: 1 }, { b: 2 }],
    ['mine where both have changed', { a: [1] }, { a: [1, 2] }, { a: [1, 3] }, { a: [1, 2] }],
    ['mine where they have deleted it', { a: 1 }, { a: 2 }, {}, { a: 2 }],
    ['equal values for unchanged', { a: { b: [1] } }, { a: { b: [1] } }, { a: 2 }, { a: 2 }],
    ['dates and maps by their value', { a: new Date(1) }, { a: new Date(1) }, { a: 3 }, { a: 3 }],
  ])('keeps %s', (_what, base, mine, theirs, merged) => {
    expect(mergeSessions(session(base), session(mine), session(theirs))).toEqual(session(merged));
  });

  it('takes everything for mine when it does not know what both began with', () => {
    const merged = mergeSessions(undefined, session({ a: 1 }), session({ a: 2, b: 2 }));
    expect(merged).toEqual(session({ a: 1, b: 2 }));
  });

  it('takes the cookie of the later save', () => {
    const mine = { cookie: { expires: 'later' } };
    expect(mergeSessions(session({}), mine, session({ a: 1 }))).toEqual({ ...mine, a: 1 });
  });

  it('takes a property named __proto__ for a property', () => {
    const hostile = JSON.parse('{"__proto__":{"isAdmin":true}}') as object;
    const theirs = { cookie, ...Object.fromEntries(Object.entries(hostile)) };
    const merged = mergeSessions(session({}), session({ a: 1 }), theirs);
    expect(Object.keys(merged).sort()).toEqual(['__proto__', 'a', 'cookie']);
    expect(Reflect.get(merged, 'isAdmin')).toBeUndefined();
  });
});
