// What one primary passes on to the next in an upgrade.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorralError } from '../errors.js';
import { bequeath, takeInheritance } from './inheritance.js';
import type { InheritedListener } from './inheritance.js';

const VARIABLE = 'CORRAL_INHERITANCE';
const WORKERS = { desired: 3, asked: 2 };

const anyListener: fc.Arbitrary<InheritedListener> = fc.record(
  {
    key: fc.string(),
    kind: fc.constantFrom('slots', 'dispatcher'),
    fds: fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 4 }),
    bound: fc.record({
      address: fc.constantFrom('::', '127.0.0.1', '0.0.0.0'),
      family: fc.constantFrom('IPv4', 'IPv6'),
      port: fc.nat(65_535),
    }),
  },
  { requiredKeys: ['key', 'kind', 'fds'] },
);

describe('an inheritance', () => {
  it('arrives as it was passed on, each descriptor at its place among the stdio entries', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.array(anyListener, { maxLength: 5 }),
        (generation, listeners) => {
          const { fds, env } = bequeath(generation, WORKERS, listeners);
          const inheritance = takeInheritance({ ...env });
          expect(inheritance?.generation).toBe(generation);
          // The successor's descriptor 4 + n is what the predecessor gives as the nth entry.
          const resolved = inheritance?.listeners.map((listener) => ({
            ...listener,
            fds: listener.fds.map((fd) => fds[fd - 4]),
          }));
          expect(resolved).toEqual(listeners);
          const places = inheritance?.listeners.flatMap((listener) => listener.fds);
          expect(places).toEqual(fds.map((_, index) => index + 4));
        },
      ),
    );
  });

  it('is taken once: the environment of workers does not have it', () => {
    const { env } = bequeath(2, WORKERS, []);
    const own: NodeJS.ProcessEnv = { ...env, PATH: '/bin' };
    expect(takeInheritance(own)).toEqual({ generation: 2, workers: WORKERS, listeners: [] });
    expect(own).toEqual({ PATH: '/bin' });
    expect(takeInheritance(own)).toBeUndefined();
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['another shape', '[]'],
    ['null', 'null'],
    ['no generation', '{"listeners":[]}'],
    ['generation 0', '{"generation":0,"listeners":[]}'],
    [
      'a descriptor of stdio',
      '{"generation":2,"listeners":[{"key":"k","kind":"slots","fds":[2]}]}',
    ],
    [
      'a descriptor that is none',
      '{"generation":2,"listeners":[{"key":"k","kind":"slots","fds":["/etc"]}]}',
    ],
    ['an unknown kind', '{"generation":2,"listeners":[{"key":"k","kind":"quic","fds":[4]}]}'],
  ])('of %s is refused with a clear error, and not passed on', (_, text) => {
    const env: NodeJS.ProcessEnv = { [VARIABLE]: text };
    const take = (): unknown => takeInheritance(env);
    expect(take).toThrow(CorralError);
    expect(env).toEqual({});
    env[VARIABLE] = text;
    expect(take).toThrow(
      expect.objectContaining({
        code: 'INHERITANCE_INVALID',
        message: expect.stringMatching(
          /CORRAL_INHERITANCE .* take it out of the environment/,
        ) as string,
        cause: expect.any(Error) as Error,
      }),
    );
  });

  it('of any text at all is either understood or refused with a CorralError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          expect(takeInheritance({ [VARIABLE]: text })).toHaveProperty('generation');
        } catch (error) {
          expect(error).toBeInstanceOf(CorralError);
        }
      }),
    );
  });
});
