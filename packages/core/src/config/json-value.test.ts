import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changedPaths,
  freeze,
  getPath,
  isEqual,
  mergePatch,
  patchOf,
  rebase,
  redact,
  redactedPaths,
} from './json-value.js';
import type { Json } from './json-value.js';

const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);
const object = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', '__proto__'),
  fc.oneof(json, fc.dictionary(fc.constantFrom('a', 'b', 'c'), json)),
) as fc.Arbitrary<Json>;

describe('a merge patch', () => {
  // From RFC 7396, appendix A.
  it.each<[Json, Json, Json]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('of %j with %j is %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it('changes nothing but what it names, not even a prototype', () => {
    const patch = JSON.parse('{"__proto__":{"polluted":true}}') as Json;
    const merged = mergePatch({ a: 1 }, patch);
    expect(Object.keys(merged as object)).toEqual(['a', '__proto__']);
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
  });
});

describe('a change made elsewhere', () => {
  it('keeps what it does not concern', () => {
    const from = { a: 1, b: { x: 1, y: 1 }, gone: true };
    const to = { a: 2, b: { x: 1, y: 2 }, added: null };
    expect(rebase({ a: 1, b: { x: 9, y: 1 }, gone: true, own: 1 }, from, to)).toEqual({
      a: 2,
      b: { x: 9, y: 2 },
      added: null,
      own: 1,
    });
  });

  it('leads all the way where nothing else has changed, and nowhere when there is none', () => {
    fc.assert(
      fc.property(object, object, object, (from, to, other) => {
        expect(isEqual(rebase(from, from, to), to)).toBe(true);
        expect(isEqual(rebase(other, from, from), other)).toBe(true);
      }),
    );
  });
});

describe('where two values differ', () => {
  it('is told by paths', () => {
    const from = { a: 1, b: { x: 1, y: [1] }, c: 1 };
    const to = { a: 1, b: { x: 2, y: [1, 2] }, d: 1 };
    expect(changedPaths(from, to)).toEqual(['b.x', 'b.y', 'c', 'd']);
    expect(changedPaths(1, 2)).toEqual(['']);
  });

  it('is nowhere exactly when they are equal', () => {
    fc.assert(
      fc.property(object, object, (a, b) => {
        expect(changedPaths(a, b).length === 0).toBe(isEqual(a, b));
        expect(changedPaths(a, structuredClone(a))).toEqual([]);
      }),
    );
  });
});

describe('a path', () => {
  it('leads to a value, and can be set', () => {
    const value = mergePatch({ log: { to: 'x' } }, patchOf('log.level', 'debug'));
    expect(value).toEqual({ log: { to: 'x', level: 'debug' } });
    expect(getPath(value, 'log.level')).toBe('debug');
    expect(getPath(value, 'log.level.deeper')).toBeUndefined();
    expect(getPath(value, 'toString')).toBeUndefined();
  });
});

describe('a secret', () => {
  it('is hidden wherever its path leads, and nothing else is', () => {
    const value = { db: { password: 'x', host: 'h' }, keys: [{ key: 'a' }, { key: 'b' }], open: 1 };
    expect(redact(value, ['db.password', 'keys.*.key', 'not.there', 'open.deeper'])).toEqual({
      db: { password: '[secret]', host: 'h' },
      keys: [{ key: '[secret]' }, { key: '[secret]' }],
      open: 1,
    });
    expect(value.db.password).toBe('x');
  });
});

describe('a frozen value', () => {
  it('cannot be changed at any depth', () => {
    const value = freeze({ list: [{ a: 1 }] });
    expect(() => Object.assign(value.list[0]!, { a: 2 })).toThrow(TypeError);
  });
});

it('finds where values are hidden', () => {
  const secrets = ['users.*.password', 'token', 'not.there'];
  const value = { users: [{ password: 'a' }, { name: 'b' }], token: null, note: '[secret]' };
  expect(redactedPaths(value, secrets)).toEqual([]);
  expect(redactedPaths(redact(value, secrets), secrets)).toEqual(['users.0.password', 'token']);
});
