import { describe, expect, it } from 'vitest';
import { CorralError } from '../errors.js';
import { fromOutcome, toFailure, toOutcome } from './outcome.js';

describe('what came of a request', () => {
  it('is a value', async () => {
    expect(fromOutcome(await toOutcome(Promise.resolve(7)))).toBe(7);
  });

  it('is an error of ours, with its code and details', async () => {
    const error = new CorralError('SHUTTING_DOWN', 'going', { details: 7 });
    const outcome = await toOutcome(Promise.reject(error));
    expect(outcome).toMatchObject({ ok: false, details: 7 });
    expect(() => fromOutcome(outcome)).toThrow(
      expect.objectContaining({ code: 'SHUTTING_DOWN', message: 'going', details: 7 }) as Error,
    );
  });

  it('is an error of the app, which becomes the cause', () => {
    const outcome = toFailure(Object.assign(new TypeError('a bug'), { code: 'E_BUG' }));
    try {
      fromOutcome(outcome);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'REMOTE_ERROR', message: 'a bug' });
      expect(error).toHaveProperty('cause.name', 'TypeError');
      expect(error).toHaveProperty('cause.code', 'E_BUG');
    }
  });
});
