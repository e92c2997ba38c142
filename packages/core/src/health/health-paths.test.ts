import { describe, expect, it } from 'vitest';
import { resolveHealthPaths } from './health-paths.js';

describe('resolveHealthPaths', () => {
  it('has a default for every route', () => {
    expect(resolveHealthPaths(undefined, 'call')).toEqual({
      live: '/livez',
      ready: '/readyz',
      startup: '/startupz',
      health: '/health',
    });
  });

  it('keeps what is given and turns off what is false', () => {
    expect(resolveHealthPaths({ live: '/-/live', health: false }, 'call')).toEqual({
      live: '/-/live',
      ready: '/readyz',
      startup: '/startupz',
      health: false,
    });
    expect(Object.values(resolveHealthPaths(false, 'call'))).toEqual([false, false, false, false]);
  });

  it.each([
    ['a number', 3],
    ['null', null],
    ['an unknown route', { alive: '/alive' }],
    ['a path without a slash', { live: 'livez' }],
    ['a pattern', { live: '/:probe' }],
    ['a query', { live: '/live?now' }],
    ['true', { ready: true }],
    ['a path used twice', { live: '/health' }],
  ])('refuses %s', (_what, given) => {
    expect(() => resolveHealthPaths(given as never, 'plugin({ health })')).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('plugin({ health })'),
      }),
    );
  });
});
