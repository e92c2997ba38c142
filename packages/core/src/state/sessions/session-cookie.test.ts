import { describe, expect, it } from 'vitest';
import { resolveSessionCookie, sessionTtlMs } from './session-cookie.js';

describe('sessionTtlMs', () => {
  it.each([
    ['a date', { expires: new Date(5_000) }, 4_000],
    ['a text', { expires: new Date(5_000).toJSON() }, 4_000],
    ['no end', { expires: null }, 77],
    ['nothing', {}, 77],
    ['no date', { expires: 'soon' }, 77],
    ['the past', { expires: new Date(500) }, -500],
  ])('reads %s', (_what, cookie, ttlMs) => {
    expect(sessionTtlMs(cookie, 77, 1_000)).toBe(ttlMs);
  });
});

describe('resolveSessionCookie', () => {
  const resolve = (options: object): unknown => resolveSessionCookie(options, 'sessionOptions()');

  it('is safe unless told otherwise', () => {
    expect(resolve({ secure: true })).toEqual({
      name: '__Host-sid',
      attributes: { httpOnly: true, secure: true, sameSite: 'lax', path: '/' },
    });
    expect(resolve({})).toEqual({
      name: 'sid',
      attributes: { httpOnly: true, secure: 'auto', sameSite: 'lax', path: '/' },
    });
  });

  it('names a cookie __Host- only where browsers take it', () => {
    expect(resolve({ secure: true, path: '/app' })).toMatchObject({ name: 'sid' });
    expect(resolve({ secure: true, domain: 'example.org' })).toMatchObject({ name: 'sid' });
    expect(resolve({ secure: true, name: '__Secure-sid', domain: 'example.org' })).toMatchObject({
      name: '__Secure-sid',
      attributes: { domain: 'example.org' },
    });
    expect(resolve({ maxAgeMs: 60_000 })).toMatchObject({ attributes: { maxAge: 60_000 } });
  });

  it.each([
    ['name', { name: '__Host-sid' }],
    ['name', { name: '__Host-sid', secure: true, path: '/app' }],
    ['name', { name: '__Host-sid', secure: true, domain: 'example.org' }],
    ['name', { name: '__Secure-sid', secure: 'auto' }],
    ['name', { name: 'a;b' }],
    ['name', { name: 5 }],
    ['domain', { domain: 5 }],
    ['domain', { domain: 'example.org; HttpOnly' }],
    ['sameSite', { sameSite: 'none' }],
    ['sameSite', { sameSite: 'Lax' }],
    ['secure', { secure: 'yes' }],
    ['path', { path: 'app' }],
    ['maxAgeMs', { maxAgeMs: 0 }],
    ['maxAgeMs', { maxAgeMs: '60000' }],
  ])('refuses a wrong %s in %j', (option, options) => {
    expect(() => resolve(options)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(`sessionOptions(), options.${option}`),
      }),
    );
  });
});
