import { expect, it } from 'vitest';
import { fromTaskErrorInfo, toTaskErrorInfo } from './task-error.js';

it.each([['E_NO_THING'], [11_000], [7n]])('an error comes back with its code, %s', (code) => {
  const cause = new Error('below');
  const thrown = Object.assign(new RangeError('no', { cause }), { code, statusCode: 422, on: {} });
  const info = structuredClone(toTaskErrorInfo(thrown));
  const error = fromTaskErrorInfo(info);
  expect(error).toMatchObject({ name: 'RangeError', message: 'no', code, statusCode: 422 });
  expect(error).not.toHaveProperty('on');
  expect(error).not.toHaveProperty('cause');
});
