// Process tests: shutdown hooks, their order, and hooks that fail.
import { expect, test } from 'vitest';
import { probe } from '@corral/test-kit';
import { logLines, startServing } from './support.js';

test('hooks run in the order of their phases, around the drain of HTTP', async () => {
  const fixture = await startServing('hooks.mjs', { workers: 1, idleGraceMs: 50 });
  const slow = probe(`${fixture.url}slow`);
  await fixture.waitForOutput(/request arrived/);

  fixture.kill('SIGTERM');

  expect((await slow).body).toBe('slow');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  const told = fixture.stdout
    .split('\n')
    .filter((line) => /^(hook|signal|request|primary)/.test(line));
  expect(told).toEqual([
    'request arrived',
    'hook prepare (shutdown)',
    'signal aborted',
    'hook connections (shutdown)',
    'request answered',
    'hook application (shutdown)',
    'hook resources (shutdown)',
    'hook final (shutdown)',
    'primary hook (SIGTERM)',
  ]);
});

test('a hook that throws and one that hangs are reported, and stop no other', async () => {
  const fixture = await startServing('hooks.mjs', { workers: 1, idleGraceMs: 50 });

  fixture.kill('SIGTERM');

  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  const errors = logLines(fixture.stdout).filter(({ level }) => level === 50);
  expect(errors.map(({ msg }) => msg)).toEqual([
    "shutdown hook 'never-ends' (application) did not end within 100 ms",
    "shutdown hook 'closesDatabase' (resources) failed",
  ]);
  expect(errors[1]).toMatchObject({
    workerId: 1,
    err: { message: 'the database does not close', stack: expect.stringContaining('hooks.mjs') },
  });
  expect(fixture.stdout).toMatch(/^hook final/m);
});
