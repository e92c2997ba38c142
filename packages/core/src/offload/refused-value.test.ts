// What threads cannot be given, and where it is.
import { expect, it } from 'vitest';
import { findRefused } from './refused-value.js';

// As import('./data.json') would be.
const source: string = 'data:text/javascript,export const answer = 42';
const valuesOnly: unknown = await import(source);

function argumentsOf(..._given: readonly unknown[]): unknown {
  return arguments;
}

class User {
  name = 'Ada';
  save = (): void => undefined;
}

it.each<[string, unknown, object | undefined]>([
  ['a primitive', 7, undefined],
  ['a function', () => 0, { path: '', what: 'a function' }],
  ['a tree', { a: [{ b: null }, 'c', new Date(0)] }, undefined],
  ['a function in it', { a: [1, { b: () => 0 }] }, { path: 'a[1].b', what: 'a function' }],
  ['a symbol in it', { a: [1, [Symbol('s')]] }, { path: 'a[1][0]', what: 'a symbol' }],
  ['a Proxy in it', [new Proxy({}, {})], { path: '[0]', what: 'a Proxy' }],
  ['a promise in it', { later: Promise.resolve() }, { path: 'later', what: 'a promise' }],
  ['an instance of a class', [new User()], { path: '[0].save', what: 'a function' }],
  [
    'what Map and Set have',
    new Map([['k', new Set([new WeakMap()])]]),
    { path: 'get("k").values()[0]' },
  ],
  ['a module of values', [valuesOnly], { path: '[0]', what: 'an object' }],
  ['arguments', [argumentsOf(1)], { path: '[0]' }],
  ['more than a small tree', Array.from({ length: 500 }, () => ({ a: {} })), undefined],
  [
    'a function behind much else',
    [...Array.from({ length: 500 }, () => ({ a: {} })), { last: () => 0 }],
    { path: '[500].last', what: 'a function' },
  ],
])('%s', (_, value, expected) => {
  const found = findRefused(value, []);
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(expected);
});

it('ends, whatever contains itself or the same many times', () => {
  const round: Record<string, unknown> = { list: [] };
  (round['list'] as unknown[]).push(round, round);
  expect(findRefused(round, [])).toBeUndefined();
  let many: unknown = {};
  for (let level = 0; level < 30; level += 1) many = Array.from({ length: 10 }, () => many);
  expect(findRefused(many, [])).toBeUndefined();
});
