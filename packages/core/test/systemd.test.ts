// Process tests: what systemd (Type=notify) is told, by a stand-in for systemd-notify that writes it down.
import fs from 'node:fs';
import { delimiter } from 'node:path';
import { expect, test } from 'vitest';
import { probe, waitUntilGone } from '@corral/test-kit';
import { fileMatches, temporaryDirectory, upgrade } from './balance-support.js';
import { logLines, openStream, startServing } from './support.js';

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
  expect(text.split('\n').slice(0, 2)).toEqual([`READY=1 MAINPID=${pid}`, 'WATCHDOG=1']);
  expect(text).not.toContain('STOPPING');

  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  expect(await fileMatches(log, /STOPPING=1/)).toMatch(/READY[^]*STOPPING/);
});

test('in an upgrade the new primary becomes the main process, and stays it while the old one drains', async () => {
  const { log, env } = standIn();
  const fixture = await startServing(
    'serve.mjs',
    { workers: 1 },
    { env: { ...env, WATCHDOG_USEC: '200000' } },
  );
  await fileMatches(log, new RegExp(`READY=1 MAINPID=${fixture.pid}\n`));
  const slow = await openStream(`${fixture.url}hold`);

  const { pid } = (await upgrade(fixture)) as { pid?: number };

  // Both say so: whichever of them systemd hears first, the end of the old one is not the service's.
  const taken = new RegExp(`^MAINPID=${pid}$`, 'm');
  await fileMatches(log, taken);
  const text = await fileMatches(log, new RegExp(`READY=1 MAINPID=${pid}\n([^]*WATCHDOG=1){3}`));
  const later = text.slice(text.search(taken));
  expect(later).not.toMatch(new RegExp(`STOPPING|${fixture.pid}`));
  slow.close();
  await waitUntilGone([fixture.pid]);
});

test('a new primary that fails at the last moment has not named itself', async () => {
  const { log, env } = standIn();
  const release = `${temporaryDirectory()}/release.json`;
  fs.writeFileSync(release, '{"version":1}');
  const fixture = await startServing(
    'control.mjs',
    { workers: 1 },
    { env: { ...env, RELEASE_FILE: release } },
  );
  await fileMatches(log, /READY=1/);

  fs.writeFileSync(release, '{"version":2,"breaks":"handOver"}');
  expect(await upgrade(fixture)).toMatchObject({ ok: false, code: 'UPGRADE_FAILED' });

  expect((await probe(fixture.url)).headers).toMatchObject({ 'x-version': '1' });
  expect(fs.readFileSync(log, 'utf8')).toBe(`READY=1 MAINPID=${fixture.pid}\n`);
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
