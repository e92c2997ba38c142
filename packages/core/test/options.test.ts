// Process tests: wrong options and wrong calls fail before anything is forked.
import { expect, test } from 'vitest';
import { descendantsOf } from '@corral/test-kit';
import { start } from './support.js';

test('a wrong option names its path, its value and what was expected; nothing is forked', async () => {
  const fixture = start('options.mjs', {
    workers: 'many' as 'auto',
    bootTimeoutMs: -2,
    readiness: 'maybe' as 'auto',
    restart: { periodMs: '60s' as never },
    ...{ drainTimeout: 5 },
  });
  const error = await fixture.nextEvent('threw');
  expect(descendantsOf(fixture.pid)).toEqual([]);

  expect(error['code']).toBe('INVALID_OPTIONS');
  const message = String(error['message']);
  expect(message).toMatch(/options\.workers: got "many"; expected 'auto', a whole number/);
  expect(message).toMatch(/options\.bootTimeoutMs: got -2; expected at least 1/);
  expect(message).toMatch(/options\.readiness: got "maybe"; expected one of "auto", "manual"/);
  expect(message).toMatch(/options\.restart\.periodMs: got "60s"; expected a whole number of ms/);
  expect(message).toMatch(/options\.drainTimeout: got 5; expected no such option/);
  expect(error['details']).toContainEqual(
    expect.objectContaining({ path: 'restart.periodMs', value: '60s' }),
  );
  expect(await fixture.waitForExit()).toEqual({ code: 3, signal: null });
  expect(fixture.output).not.toContain('starting');
});

test('a program that does not catch it ends with the message and exit code 1', async () => {
  const fixture = start('serve.mjs', { stallMs: 1 });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(fixture.stderr).toMatch(/options\.stallMs: got 1; expected at least 50/);
  expect(fixture.output).not.toContain('starting');
});

test('bootstrap() works once in a process', async () => {
  const fixture = start(
    'options.mjs',
    {},
    { args: [JSON.stringify({ workers: 0, drainTimeoutMs: 500 }), '2'] },
  );

  const error = await fixture.nextEvent('threw');
  expect(error).toMatchObject({ code: 'ALREADY_BOOTSTRAPPED' });
  await fixture.waitForExit();
});
