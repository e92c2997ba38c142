import { inspect } from 'node:util';
import v8 from 'node:v8';
import { stdSerializers } from 'pino';
import { describe, expect, it } from 'vitest';
import { configConflict, CorralError } from '../errors.js';
import type { Outcome } from './messages.js';
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

  it('is an error whose details cannot travel: then they stay behind', () => {
    for (const details of [{ retry: () => 1 }, new Map([[1, Symbol('x')]]), Promise.resolve()]) {
      const outcome = toFailure(new CorralError('SHUTTING_DOWN', 'going', { details }));
      expect(v8.deserialize(v8.serialize(outcome))).toMatchObject({
        ok: false,
        error: { code: 'SHUTTING_DOWN', message: 'going' },
        details: undefined,
      });
    }
  });

  it('is a conflict, whose configuration arrives, and which no logger prints', () => {
    const current = { version: 3, value: { password: 'hunter2' } };
    const conflict = configConflict(2, current);
    // As Node's channel carries it.
    const outcome = v8.deserialize(v8.serialize(toFailure(conflict))) as Outcome;
    let arrived: unknown;
    try {
      fromOutcome(outcome);
    } catch (error) {
      arrived = error;
    }
    for (const error of [conflict, arrived] as CorralError[]) {
      expect(error).toMatchObject({ code: 'CONFIG_CONFLICT', details: { version: 3 } });
      expect((error.details as typeof current).value).toEqual(current.value);
      const byPino = JSON.stringify(stdSerializers.err(error));
      expect(byPino).toContain('"version":3');
      expect(byPino + inspect(error, { depth: null })).not.toContain('hunter2');
    }
  });

  it('is an error of the app’s responder, whatever its code', () => {
    const failure = toFailure(configConflict(2, { version: 3, value: { limit: 7 } }));
    expect(() => fromOutcome({ ...failure, isResponders: true })).toThrow(
      expect.objectContaining({
        code: 'REMOTE_ERROR',
        details: expect.objectContaining({ version: 3 }) as unknown,
        cause: expect.objectContaining({ code: 'CONFIG_CONFLICT' }) as unknown,
      }) as Error,
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
