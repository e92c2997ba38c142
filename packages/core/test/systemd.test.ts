// Process tests: what systemd (Type=notify) is told, by a stand-in for systemd-notify that writes it down.
import fs from 'node:fs';
import { delimiter } from 'node:path';
import { expect, test } from 'vitest';
import { probe, waitUntilGone } from '@corral/test-kit';
import { fileMatches, temporaryDirectory, upgrade } from './balance-support.js';
import { logLines, startServing } from './support.js';

function standIn(): { readonly log: string; readonly env: Record<string, string> } {
  const directory = temporaryDirectory();
  const log = `${directory}/log`;
  fs.writeFileSync(`${directory}/systemd-notify`, `#!/bin/sh\necho "$*" >> '${log}'\n`, {
    mode: 0o755,
  });
  const env = {
    PATH: `${directory}${delimiter}${process.env['PATH']}`,
    NOTIFY_SOCKET: `${directory}/notify.sock`,
  };
  return { log, env };
}

test('systemd is told READY, the main process, WATCHDOG at half its interval, and STOPPING', async () => {
  const { log, env } = standIn();
  const fixture = await startServing(
    'serve.mjs',
    { workers: 1 },
    { env: { ...env, WATCHDOG_USEC: '200000' } },
  );
  const { pid } = fixture;

  const text = await fileMatches(log, /(WATCHDOG=1[^]*){3}/);
  expect(text.split('\n')[0]).toBe(`--pid=${pid} READY=1 MAINPID=${pid}`);
  expect(text).toContain(`--pid=${pid} WATCHDOG=1`);
  expect(text).not.toContain('STOPPING');

  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  expect(await fileMatches(log, /STOPPING=1/)).toMatch(/READY[^]*STOPPING/);
});

test('in an upgrade the new primary names itself, and the old one does not say STOPPING', async () => {
  const { log, env } = standIn();
  const fixture = await startServing('serve.mjs', { workers: 1 }, { env });
  await fileMatches(log, new RegExp(`READY=1 MAINPID=${fixture.pid}\n`));

  const { pid } = (await upgrade(fixture)) as { pid?: number };

  await waitUntilGone([fixture.pid]);
  const text = await fileMatches(log, new RegExp(`READY=1 MAINPID=${pid}\n`));
  expect(text).not.toMatch(/STOPPING|WATCHDOG/);
});

test('without systemd-notify the service runs on, and says what is missing', async () => {
  const directory = temporaryDirectory();
  const fixture = await startServing(
    'serve.mjs',
    { workers: 1 },
    { env: { PATH: directory, NOTIFY_SOCKET: `${directory}/notify.sock` } },
  );

  await fixture.waitForOutput(/systemd-notify failed/);
  expect(logLines(fixture.stdout)).toContainEqual(
    expect.objectContaining({ level: 40, states: ['READY=1', expect.any(String)] }),
  );
  expect((await probe(fixture.url)).status).toBe(200);
});

test('without systemd nothing is said', async () => {
  const { log, env } = standIn();
  const fixture = await startServing('serve.mjs', { workers: 1 }, { env: { PATH: env['PATH'] } });

  fixture.kill('SIGTERM');
  await fixture.waitForExit();

  expect(fs.existsSync(log)).toBe(false);
});
