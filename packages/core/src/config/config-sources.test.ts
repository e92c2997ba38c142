import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { applyPins, overlay, readPins, requirePins, settlePins } from './config-sources.js';
import { defineConfig } from './define-config.js';
import { requireValid, validateAgain, validateConfig, validateTwice } from './validate-config.js';
import type { ConfigRules } from './validate-config.js';

const schema = z.object({
  name: z.string(),
  port: z.number(),
  tags: z.array(z.string()).default([]),
  retries: z.coerce.number().default(3),
});
const initial = { name: 'app', port: 80 };

describe('defineConfig', () => {
  it.each([
    ['no schema', () => defineConfig({} as typeof schema, { initial })],
    ['no options', () => defineConfig(schema, null as never)],
    ['an option that is none', () => defineConfig(schema, { initial, files: 'x' } as never)],
    ['a file of another kind', () => defineConfig(schema, { initial, file: 'config.toml' })],
    ['no such reaction', () => defineConfig(schema, { initial, onRejected: 'x' as never })],
  ])('refuses %s', (_what, call) => {
    expect(call).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
  });

  it('fills in defaults, and knows the type', () => {
    const { schema: kept, ...rest } = defineConfig(schema, { initial });
    expect(rest).toEqual({
      initial,
      file: undefined,
      env: {},
      secrets: [],
      onRejected: 'roll-back',
      shared: true,
    });
    const { value } = kept['~standard'].validate(initial) as { value: { port: number } };
    expect(value.port).toBe(80);
  });
});

const rules = (given: ConfigRules['schema'], ...secrets: string[]): ConfigRules => ({
  schema: given,
  secrets,
});

describe('the schema', () => {
  const issuesOf = (given: z.ZodType, input: unknown): unknown =>
    validateConfig(rules(given), input);

  it('gives defaults; what comes out is frozen', () => {
    const validated = validateConfig(rules(schema), initial);
    expect(validated).toMatchObject({ ok: true, value: { ...initial, tags: [], retries: 3 } });
    expect(validated.ok && Object.isFrozen(validated.value)).toBe(true);
  });

  it('leaves what it has made itself, and adds to what an older one has made', () => {
    const text = JSON.stringify({ ...initial, tags: [], retries: 3 });
    expect(validateAgain(rules(schema), text)).toMatchObject({ ok: true, text });
    expect(validateAgain(rules(schema), JSON.stringify(initial))).toMatchObject({
      ok: true,
      value: { ...initial, tags: [], retries: 3 },
    });
    expect(validateAgain(rules(schema), '{"port":"x"}')).toMatchObject({ ok: false });
  });

  it('says where a value is wrong', () => {
    expect(
      issuesOf(z.object({ a: z.object({ b: z.array(z.number()) }) }), { a: { b: [1, 'x'] } }),
    ).toMatchObject({ ok: false, issues: [{ path: 'a.b.1' }] });
  });

  it.each([
    [
      'is asynchronous',
      z.string().refine(async () => await Promise.resolve(true)),
      'x',
      /asynchronous|async/i,
    ],
    ['returns a class', z.string().transform((url) => new URL(url)), 'http://a', /a class/],
    ['returns a date', z.object({ at: z.date() }), { at: new Date() }, /a class/],
    ['returns no number', z.number().transform(() => NaN), 1, /NaN/],
    ['returns a bigint', z.bigint(), 1n, /bigint/],
    ['returns nothing', z.undefined(), undefined, /undefined/],
    ['does not accept what it returns', z.string().transform(Number), '12', /does not accept/],
    ['does not stay where it is', z.number().transform((n) => n + 1), 1, /does not accept/],
    ['returns too much', z.string(), 'x'.repeat(2 ** 20), /at most/],
  ])('is refused when it %s', (_what, wrong: z.ZodType, input, message) => {
    expect(() => requireValid('it', validateTwice(rules(wrong), input))).toThrow(message);
  });

  it('is refused when it returns a cycle', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(() => requireValid('it', validateConfig(rules(z.any()), cycle))).toThrow(
      /nested deeper/,
    );
  });
});

describe('a schema that quotes what it refuses', () => {
  /** As valibot and arktype word their messages. */
  const quoting = (...path: Array<string | { key: string }>): ConfigRules['schema'] => ({
    '~standard': {
      version: 1,
      vendor: 'valibot',
      validate: (value) => ({
        issues: [{ message: `Expected number but received ${JSON.stringify(value)}`, path }],
      }),
    },
  });
  const messageOf = (given: ConfigRules): string => {
    const validated = validateConfig(given, { users: [{ password: 'hunter2' }] });
    return validated.ok ? '' : (validated.issues[0]?.message ?? '');
  };

  it.each([
    [['users', '0', 'password'], 'is not valid (its message is hidden: a secret)'],
    [[{ key: 'users' }, '0', 'password', 'x'], /^is not valid .*: a secret\)$/],
    [['users', '0'], /^is not valid .*: there is a secret in it\)$/],
    [[], /^is not valid .*: there is a secret in it\)$/],
  ])('tells no secret at, under or above its path: %j', (path, message) => {
    expect(messageOf(rules(quoting(...path), 'token', 'users.*.password'))).toMatch(message);
  });

  it('is quoted where there are no secrets', () => {
    const path = ['users', '0', 'name'];
    expect(messageOf(rules(quoting(...path), 'token', 'users.*.password'))).toContain('hunter2');
  });

  it('may name what it does not know', () => {
    const strict = z.strictObject({ password: z.string() });
    const input = { password: 'x', passwrod: 'hunter2' };
    expect(validateConfig(rules(strict, 'password'), input)).toMatchObject({
      issues: [{ path: '', message: 'has what the schema does not know: passwrod' }],
    });
  });
});

describe('sources', () => {
  const definition = defineConfig(schema, {
    initial,
    env: { name: 'NAME', port: 'PORT', tags: 'TAGS', retries: 'RETRIES' },
  });

  it('lie over each other', () => {
    expect(overlay({ a: { b: 1, c: 1 }, d: [1] }, { a: { c: null }, d: [2] })).toEqual({
      a: { b: 1, c: null },
      d: [2],
    });
  });

  it('of the environment are text where the schema wants text, and JSON elsewhere', () => {
    const environment = { NAME: '12', PORT: '8080', TAGS: '["a"]', RETRIES: '5' };
    const pins = readPins(definition, initial, environment);
    const value = requireValid('it', validateConfig(rules(schema), applyPins(initial, pins)));
    expect(value).toEqual({ name: '12', port: 8080, tags: ['a'], retries: 5 });
  });

  it('of the environment that are wrong stay, for the schema to refuse', () => {
    const pins = readPins(definition, initial, { PORT: 'eighty' });
    expect(validateConfig(rules(schema), applyPins(initial, pins))).toMatchObject({
      ok: false,
      issues: [{ path: 'port' }],
    });
  });

  it('of the environment cannot be changed by others', () => {
    const pins = readPins(definition, initial, { RETRIES: '5' });
    const value = requireValid('it', validateConfig(rules(schema), applyPins(initial, pins)));
    const settled = settlePins(value, pins);
    requirePins('an update', { ...(value as object), port: 1 }, settled);
    expect(() => requirePins('an update', { retries: 6 }, settled)).toThrow(
      /retries: is set by the environment: RETRIES/,
    );
  });
});
