import { describe, expect, it } from 'vitest';
import { checkChange, checkUpdateOptions } from './config-arguments.js';

class Limits {
  readonly max = 1;
}

describe('a change of the configuration', () => {
  it('may be whatever JSON carries, and leave out what is undefined', () => {
    const change = { list: [1, null, 'a', false], inner: { gone: null, not: undefined } };
    expect(checkChange(change)).toBe('{"list":[1,null,"a",false],"inner":{"gone":null}}');
    expect(checkChange(7)).toBe('7');
  });

  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  it.each<[string, unknown, RegExp]>([
    [
      'NaN, which would take away',
      { limits: { max: Number.NaN } },
      /'limits.max' of the change is NaN/,
    ],
    ['a hole in a list', { list: [1, undefined] }, /'list.1' of the change is undefined/],
    [
      'a map, which would become {}',
      { users: new Map([['a', 1]]) },
      /'users' of the change is an object with a class/,
    ],
    ['an instance', new Limits(), /the change is an object with a class/],
    [
      'a function inside, which would vanish',
      { level: () => 'info' },
      /'level' of the change is a function/,
    ],
    ['a bigint', { limit: 1n }, /'limit' of the change is a bigint/],
    ['nothing', undefined, /the change is undefined/],
    ['a cycle', cyclic, /nested deeper/],
  ])('is refused with %s', (_what, change, message) => {
    expect(() => checkChange(change)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(message) as string,
      }) as Error,
    );
  });

  it('is no promise, which is not waited for, nor missed when it rejects', () => {
    const later = async (): Promise<object> => await Promise.reject(new Error('no'));
    expect(() => checkChange(later())).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('must be synchronous') as string,
      }) as Error,
    );
  });

  it('is not quoted, for it may have secrets', () => {
    expect(() => checkChange({ password: 'hunter2', limit: Number.NaN })).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining('hunter2') as string,
      }) as Error,
    );
  });
});

it.each([-1, 0.5, Number.NaN, '1', null])('%s is no version to expect', (expectedVersion) => {
  const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as unknown as Error;
  expect(() => checkUpdateOptions({ expectedVersion })).toThrow(refused);
});
