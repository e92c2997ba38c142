// Process tests: ports that are taken, and servers that the app closes and opens again.
import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { freePort, probe, ProbeError, startLoad, waitFor } from '@corral/test-kit';
import { MODES, requestFrom, temporaryDirectory } from './balance-support.js';
import { logLines, occurrences, start, startServing, statusOf } from './support.js';
import type { ServingFixture } from './support.js';

/** Tells all workers, and resolves when they have said `said` `times` more times. */
async function tellWorkers(
  fixture: ServingFixture,
  message: { readonly toWorkers: string; readonly port?: number },
  said: string,
  times = 2,
): Promise<void> {
  const soFar = occurrences(fixture.stdout, `${said}\n`);
  fixture.send(message);
  await fixture.waitForOutput(new RegExp(`(${said}\\n[^]*){${soFar + times}}`));
}

async function isRefused(url: string): Promise<boolean> {
  const error: unknown = await probe(url).catch((thrown: unknown) => thrown);
  return error instanceof ProbeError && error.code === 'ECONNREFUSED';
}

test.for(MODES)(
  'the app closes one of its servers and opens it again; the other serves on (%s)',
  async (balance) => {
    const fixture = await startServing('servers.mjs', { workers: 2, balance });
    const port = await freePort();
    const second = `http://127.0.0.1:${port}/`;
    const load = startLoad({ url: fixture.url, connections: 'new', concurrency: 4 });

    for (let round = 0; round < 2; round++) {
      await tellWorkers(fixture, { toWorkers: 'open', port }, 'opened');
      expect((await probe(second)).body).toBe('second');
      await tellWorkers(fixture, { toWorkers: 'reopen', port }, 'opened');
      expect((await probe(second)).body).toBe('second');
      await tellWorkers(fixture, { toWorkers: 'close' }, 'closed');
      // Nobody is left waiting in a queue that nobody reads, and the port is free for others.
      await waitFor(async () => await isRefused(second), { what: () => `${second} to close` });
      const other = net.createServer().listen(port, '127.0.0.1');
      await once(other, 'listening');
      other.close();
      await once(other, 'close');
    }

    await load.answered(20);
    const { failures, refused, byWorker } = await load.stop();
    expect([failures, refused]).toEqual([[], 0]);
    expect(Object.keys(byWorker).sort()).toEqual(['1', '2']);
  },
);

test.for(MODES)('two servers of one worker on one port: EADDRINUSE (%s)', async (balance) => {
  const fixture = await startServing('servers.mjs', { workers: 2, balance });

  await tellWorkers(fixture, { toWorkers: 'open', port: fixture.port }, 'refused EADDRINUSE');
  // Also when neither of them listens yet.
  const port = await freePort();
  await tellWorkers(fixture, { toWorkers: 'openTwo', port }, 'refused EADDRINUSE');
  await fixture.waitForOutput(/(opened\n[^]*){2}/);
  expect((await probe(`http://127.0.0.1:${port}/`)).body).toBe('second');
  expect((await probe(fixture.url)).status).toBe(200);
  expect(await statusOf(fixture)).toMatchObject({ ready: 2, restarts: {} });
});

test.for(MODES)(
  'a second app on the port: EADDRINUSE, once, exit 1; the first is not disturbed (%s)',
  async (balance) => {
    const first = await startServing('serve.mjs', { workers: 2, balance });
    const load = startLoad({ url: first.url, connections: 'new', concurrency: 4 });
    await load.answered(10);

    const second = start(
      'serve.mjs',
      { workers: 2, balance },
      { env: { PORT: String(first.port) } },
    );

    expect(await second.waitForExit()).toEqual({ code: 1, signal: null });
    const fatal = logLines(second.output).filter(({ level }) => Number(level) >= 50);
    expect(fatal).toHaveLength(1);
    expect(fatal[0]?.['msg']).toMatch(
      new RegExp(`cannot listen on .*:${first.port}: another program already listens there`),
    );
    await load.answered(20);
    const { failures, refused, byWorker } = await load.stop();
    expect([failures, refused]).toEqual([[], 0]);
    // All of them the first app's: the second has taken nothing.
    expect(Object.keys(byWorker).sort()).toEqual(['1', '2']);
    expect(await statusOf(first)).toMatchObject({ ready: 2, restarts: {} });
  },
);

test.for(MODES)('a Unix socket serves, reloads, and is gone afterwards (%s)', async (balance) => {
  const socketPath = `${temporaryDirectory()}/app.sock`;
  const fixture = start(
    'listen.mjs',
    { workers: 2, balance, minUptimeMs: 0 },
    { env: { FRAMEWORK: 'http', LISTEN: JSON.stringify({ unix: { path: socketPath } }) } },
  );
  await fixture.nextEvent('started');
  const workerIds = new Set<unknown>();
  for (let requests = 0; requests < 20; requests++) {
    workerIds.add((await requestFrom({ socketPath })).headers['x-worker-id']);
  }
  expect(workerIds).toEqual(new Set(['1', '2']));

  fixture.kill('SIGHUP');
  let isReloaded = false;
  const reloaded = fixture.nextEvent('reload').then((report) => {
    isReloaded = true;
    return report;
  });
  while (!isReloaded) expect(await requestFrom({ socketPath })).toMatchObject({ status: 200 });
  expect(await reloaded).toMatchObject({ replaced: 2, failed: 0 });

  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  await expect(requestFrom({ socketPath })).rejects.toMatchObject({ code: 'ENOENT' });
});
