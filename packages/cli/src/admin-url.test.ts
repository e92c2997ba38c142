import { expect, it } from 'vitest';
import { resolveAdminUrl } from './admin-url.js';

it.each([
  ['9000', undefined, 'http://127.0.0.1:9000/'],
  ['localhost:9000', undefined, 'http://localhost:9000/'],
  ['[::1]:9000', undefined, 'http://[::1]:9000/'],
  ['https://ops.example/corral', undefined, 'https://ops.example/corral/'],
  ['http://ann:100%25@host:9000', undefined, 'http://ann:100%25@host:9000/'],
  ['9000', '9001', 'http://127.0.0.1:9000/'],
  [undefined, 'http://127.0.0.1:9001', 'http://127.0.0.1:9001/'],
])('takes %s, else %s', (option, env, url) => {
  expect(resolveAdminUrl(option, env).href).toBe(url);
});

it.each([
  [undefined, undefined, 'which cluster?'],
  [undefined, '', 'which cluster?'],
  ['ftp://a', undefined, "--admin: got 'ftp://a'; expected a URL"],
  [undefined, 'a b', "CORRAL_ADMIN_URL: got 'a b'; expected a URL"],
  ['99999', undefined, "--admin: got '99999'"],
  [
    'http://ann:100%@host:9000',
    undefined,
    "--admin: got 'http://…@host:9000'; in user and password",
  ],
  ['http://100%zz@host:9000', undefined, "--admin: got 'http://…@host:9000'; in user and password"],
  ['ann:hunter2@a b', undefined, "--admin: got '…@a b'; expected a URL"],
  [undefined, 'ftp://ann:hunter2@a', "CORRAL_ADMIN_URL: got 'ftp://…@a'; expected a URL"],
])('refuses %s, else %s', (option, env, message) => {
  expect(() => resolveAdminUrl(option, env)).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      message: expect.stringContaining(message) as unknown,
    }),
  );
});
