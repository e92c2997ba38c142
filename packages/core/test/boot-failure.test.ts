// Process tests: programs that cannot start end with exit code 1 and say once why.
import { once } from 'node:events';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, waitUntilGone } from '@corral/test-kit';
import { logLines, occurrences, start } from './support.js';
import type { FixtureBootstrapOptions } from './support.js';

function startFailing(
  way: string,
  options: FixtureBootstrapOptions = {},
  env: Record<string, string> = {},
): ReturnType<typeof start> {
  return start('boot-fails.mjs', options, { env: { WAY: way, ...env } });
}

async function occupyPort(): Promise<number> {
  const server = net.createServer().listen(0);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as net.AddressInfo).port;
}

test('main throws in every worker: its stack is in the output once, exit 1', async () => {
  const fixture = startFailing('throws', { workers: 3 });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(occurrences(fixture.output, 'Error: the app could not start\\n    at ')).toBe(1);
  expect(fixture.output).toMatch(/at .*throws \(.*boot-fails\.mjs:\d+:\d+\)/);
  expect(fixture.stderr).toBe('');
});

test('an uncaught error during the boot counts as main’s own', async () => {
  const fixture = startFailing('throwsLater', { workers: 2 });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(occurrences(fixture.output, 'Error: the app could not start\\n    at ')).toBe(1);
});

test('a first worker that exits during its boot: exit 1 with its code', async () => {
  const fixture = startFailing('exits', { workers: 2 });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  const fatal = logLines(fixture.stdout).filter(({ level }) => level === 60);
  expect(fatal).toHaveLength(1);
  expect(fatal[0]).toMatchObject({ reason: 'boot-failed', code: 7, generation: 1 });
});

test('a first worker that is killed during its boot: exit 1 with the signal', async () => {
  const fixture = startFailing('kills', { workers: 1 });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  const fatal = logLines(fixture.stdout).filter(({ level }) => level === 60);
  expect(fatal).toHaveLength(1);
  expect(fatal[0]).toMatchObject({ signal: 'SIGKILL' });
});

test('a first generation that is not ready within bootTimeoutMs: exit 1, nobody left', async () => {
  const fixture = startFailing('hangs', { workers: 2, bootTimeoutMs: 8_000 });
  await fixture.waitForOutput(/is booting[^]*is booting/);
  const pids = fixture.family();
  expect(pids).toHaveLength(3);

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(fixture.output).toMatch(/not ready within bootTimeoutMs \(8000 ms\)/);
  await waitUntilGone(pids);
});

test('a readiness check that keeps failing: exit 1, and the message names the check', async () => {
  const fixture = startFailing('failingCheck', { workers: 1, bootTimeoutMs: 4_000 });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(fixture.output).toMatch(/failing checks: database/);
});

test.for([
  ['listens', 2],
  ['unawaited', 2],
  ['listens', 0],
  ['unawaited', 0],
] as const)(
  'EADDRINUSE (%s, %d workers) is reported once, with the address, and exit code 1',
  async ([way, workers]) => {
    const port = await occupyPort();
    const env = { PORT: String(port), LISTEN_ON: String(port) };
    const fixture = startFailing(way, { workers }, env);

    expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
    const errors = logLines(fixture.stdout).filter(({ level }) => Number(level) >= 50);
    expect(errors.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(new RegExp(`cannot listen on .*:${port}: .*EADDRINUSE`)),
    ]);
    expect(fixture.stderr).toBe('');
  },
);

test('EACCES is reported once, with the address, and exit code 1', async () => {
  // Root may listen on every port. A Unix socket in a folder that does not exist is EACCES to everybody:
  // libuv says so where the system says ENOENT.
  const address = '/nonexistent/corral.sock';
  const fixture = startFailing('listens', { workers: 2 }, { LISTEN_ON: address });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  const errors = logLines(fixture.stdout).filter(({ level }) => Number(level) >= 50);
  expect(errors.map(({ msg }) => msg)).toEqual([
    expect.stringMatching(new RegExp(`cannot listen on ${address}: .*EACCES`)),
  ]);
});

test('an address that is not ours: exit 1, and the message names it', async () => {
  const fixture = startFailing('listensElsewhere', { workers: 2 });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  const errors = logLines(fixture.stdout).filter(({ level }) => Number(level) >= 50);
  expect(errors).toHaveLength(1);
  expect(errors[0]?.['msg']).toMatch(/cannot listen on 192\.0\.2\.1:80: .*EADDRNOTAVAIL/);
});

test('SIGTERM during the boot ends it cleanly: exit 0, nobody left', async () => {
  const fixture = startFailing('hangs', { workers: 2 });
  await fixture.waitForOutput(/is booting[^]*is booting/);
  const pids = fixture.family();

  fixture.kill('SIGTERM');

  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  expect(pids.filter(isAlive)).toEqual([]);
});

test.for([1, 0])(
  'SIGTERM during a boot that cluster.signal interrupts: the hooks run to their end (%d workers)',
  async (workers) => {
    const fixture = startFailing('interrupted', { workers });
    await fixture.waitForOutput(/is booting/);

    fixture.kill('SIGTERM');

    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    expect(fixture.output).toContain('the hook has ended');
  },
);

test('SIGTERM right after the fork, before any worker has loaded its code', async () => {
  const fixture = startFailing('hangs', { workers: 2 });
  await fixture.waitForOutput(/starting 2 worker/);

  fixture.kill('SIGTERM');

  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  expect(fixture.output).not.toContain('did not become ready');
});
