import { describe, expect, it } from 'vitest';
import { findUncloneable, inspectValue } from './cloneable.js';

class Account {
  readonly name = 'a';
}
class Names extends Map {}
class Bytes extends Uint8Array {}

describe('findUncloneable', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;

  it.each([
    ['nothing', undefined],
    ['a bigint', 1n],
    ['a cycle', cyclic],
    ['a hole', Array(2)],
    ['a bare object', Object.assign(Object.create(null) as object, { a: 1 })],
    ['one with a bare prototype', Object.assign(Object.create(Object.create(null)), { a: 1 })],
    ['a property named __proto__', JSON.parse('{"__proto__":{"a":1}}')],
    ['a map of dates', new Map([[new Date(), new Set([/a/u])]])],
    ['bytes', [Buffer.from('a'), new Float64Array(1), new DataView(new ArrayBuffer(1))]],
    ['an error with a cause', new TypeError('a', { cause: new Error('b') })],
  ])('finds nothing in %s', (_, value) => {
    expect(findUncloneable(value)).toBeUndefined();
  });

  it.each([
    ['', () => undefined, 'a function'],
    ['', Symbol('s'), 'a symbol'],
    ['', Promise.resolve(), 'a promise'],
    ['', new WeakMap(), 'an instance of WeakMap'],
    ['', new Proxy({}, {}), 'a Proxy'],
    ['', new Names(), 'an instance of Names'],
    ['', new Bytes(1), 'an instance of Bytes'],
    ['', new SharedArrayBuffer(1), 'an instance of SharedArrayBuffer'],
    ['', Object.create({ a: 1 }), 'an object with a prototype of its own'],
    ['user.roles[1].of', { user: { roles: [0, { of: new Account() }] } }, 'an instance of Account'],
    ['["odd key"]["0"]', { 'odd key': { 0: Symbol('s') } }, 'a symbol'],
    ['get("a").b', new Map([['a', { b: () => 1 }]]), 'a function'],
    [
      'keys()[1]',
      new Map<unknown, unknown>([
        ['a', 1],
        [Symbol('s'), 2],
      ]),
      'a symbol',
    ],
    ['get(keys()[0])', new Map([[1, Symbol('s')]]), 'a symbol'],
    ['values()[1]', new Set([1, () => 1]), 'a function'],
    ['[Symbol(s)]', { [Symbol('s')]: 1 }, 'a property named by a symbol'],
    ['extra', Object.assign([1], { extra: () => 1 }), 'a function'],
    [
      'code',
      Object.assign(new Error('a'), { code: 'E' }),
      'a property of an Error, which would be lost',
    ],
    ['', new AggregateError([]), 'an instance of AggregateError'],
    ['cause', new Error('a', { cause: Symbol('s') }), 'a symbol'],
  ])('names %s', (path, value, what) => {
    expect(findUncloneable(value)).toEqual({ path, what });
  });

  it('names what is in a property named __proto__', () => {
    const value = JSON.parse('{"__proto__":{"a":1}}') as object;
    Object.assign(Object.getOwnPropertyDescriptor(value, '__proto__')?.value as object, {
      run: () => 1,
    });
    expect(findUncloneable(value)).toEqual({ path: '__proto__.run', what: 'a function' });
  });

  it('refuses what is nested too deeply for a serializer, without recursing into it', () => {
    let deep: unknown = 'end';
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(findUncloneable(deep)).toMatchObject({
      what: 'an object nested deeper than 1000 levels',
    });
    let fine: unknown = 'end';
    for (let depth = 0; depth < 1_000; depth++) fine = { fine };
    expect(findUncloneable(fine)).toBeUndefined();
  });
});

describe('inspectValue', () => {
  const shared = {};

  it.each([
    ['text', 'a', true],
    ['an object of lists', { a: [1, 'b', null, true] }, true],
    ['a list of empty lists', [[], []], true],
    ['nothing', undefined, false],
    ['nothing inside', { a: undefined }, false],
    ['minus zero', [-0], false],
    ['not a number', { a: NaN }, false],
    ['a hole', Array(2), false],
    ['a list with names', Object.assign([1], { extra: 1 }), false],
    ['the same object twice', [shared, shared], false],
    ['a date', { at: new Date() }, false],
    ['a bigint', [1n], false],
  ])('knows whether JSON carries %s', (_, value, isJson) => {
    expect(inspectValue(value)).toEqual({ uncloneable: undefined, isJson });
  });
});
