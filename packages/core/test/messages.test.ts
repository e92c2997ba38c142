// Process tests: messages of the app, PM2, socket.io or prom-client on the same IPC channel.
import { expect, test } from 'vitest';
import { probe } from '@corral/test-kit';
import { logLines, pidsOf, startServing, statusOf } from './support.js';

test('foreign messages pass between primary and workers untouched, and disturb nobody', async () => {
  const fixture = await startServing('messages.mjs', { workers: 1, stallMs: 3_000 });

  expect(await fixture.nextEvent('echoes')).toEqual({ event: 'echoes', wrong: [] });

  expect((await probe(fixture.url)).status).toBe(200);
  expect(pidsOf(await statusOf(fixture))).toEqual(pidsOf(fixture.status));
  // Only what bears our name without being ours is worth a warning; each side gets it once.
  const warnings = logLines(fixture.stdout).filter(({ level }) => Number(level) >= 40);
  expect(warnings.map(({ msg }) => msg).sort()).toEqual([
    'dropped a malformed message of a worker',
    'dropped a malformed message of the primary',
  ]);
});
