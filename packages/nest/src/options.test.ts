import { describe, expect, it } from 'vitest';
import { resolveNestOptions } from './options.js';

describe('resolveNestOptions', () => {
  it('keeps what is Nest’s and leaves the rest to core', () => {
    const { app, cluster } = resolveNestOptions({ workers: 2, maxAgeMs: 5, host: '::1' });
    expect(cluster).toEqual({ workers: 2, maxAgeMs: 5 });
    expect(app).toEqual({ port: 3_000, host: '::1', nest: { abortOnError: false } });
  });

  it('lets the app choose abortOnError', () => {
    expect(resolveNestOptions({ nest: { abortOnError: true } }).app.nest.abortOnError).toBe(true);
  });

  it('names every wrong option with its value and what was expected', () => {
    const wrong = { port: Number('abc'), host: '', adapter: {}, nest: null, configure: 1 };
    expect(() => resolveNestOptions(wrong as never)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(
          /options\.port: got NaN; expected a whole number, 0…65535\n.*options\.host: got ""[^]*options\.adapter[^]*options\.nest: got null[^]*options\.configure: got 1/,
        ),
      }),
    );
  });
});
