import { describe, expect, it } from 'vitest';
import { resolveSessionOptions } from './session-options.js';

const strong = 'a'.repeat(32);

function resolve(options: object): ReturnType<typeof resolveSessionOptions> {
  return resolveSessionOptions(options as never, 'sessionOptions()', ['rolling']);
}

describe('resolveSessionOptions', () => {
  it('takes one secret or several', () => {
    expect(resolve({ secret: strong }).secrets).toEqual([strong]);
    expect(resolve({ secret: [strong, 'b'.repeat(40)] }).secrets).toHaveLength(2);
  });

  it('tells options of the store from those of the cookie and the helper', () => {
    const options = { secret: strong, ttlMs: 5, onConflict: 'reject', name: 'id', rolling: true };
    expect(resolve(options)).toMatchObject({
      cookie: { name: 'id' },
      store: { ttlMs: 5, onConflict: 'reject' },
    });
    expect(Object.keys(resolve(options).store)).toEqual(['ttlMs', 'onConflict']);
  });

  it.each([undefined, '', 'a'.repeat(31), [], [strong, 'short'], 32])('refuses %j', (secret) => {
    expect(() => resolve({ secret })).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('sessionOptions(), options.secret'),
      }),
    );
  });

  it('does not show a secret', () => {
    expect(() => resolve({ secret: 'hunter2' })).toThrow(/^(?!.*hunter2)/);
  });

  it.each(['false', 0, null])('refuses %j for an option of the helper itself', (rolling) => {
    expect(() => resolve({ secret: strong, rolling })).toThrow(
      /options\.rolling: .*true, false, or nothing/,
    );
  });

  it('refuses what is no option', () => {
    expect(() => resolve({ secret: strong, maxAge: 60_000 })).toThrow(
      /options\.maxAge: .*spelling/,
    );
  });
});
