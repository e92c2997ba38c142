// Process tests: upgrades of the primary itself.
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { probe, probeJson, startLoad, waitFor, waitUntilGone } from '@corral/test-kit';
import {
  endAfterTest,
  hasSlots,
  listeningSockets,
  MODES,
  otherNodes,
  requestFrom,
  statusAt,
  temporaryDirectory,
  testNode,
  upgrade,
} from './balance-support.js';
import { call, occurrences, pidsOf, start, startServing, statusOf } from './support.js';
import type { FixtureBootstrapOptions, ServingFixture } from './support.js';

interface Release {
  readonly version: number;
  /** `late`: not ready as long as the release's file is there. */
  readonly breaks?: 'script' | 'main' | 'hang' | 'late';
  readonly admin?: { readonly port: number };
}

async function startRelease(options: FixtureBootstrapOptions): Promise<{
  readonly fixture: ServingFixture;
  release(next: Release): void;
  readonly file: string;
}> {
  const file = `${temporaryDirectory()}/release.json`;
  const release = (next: Release): void => fs.writeFileSync(file, JSON.stringify(next));
  release({ version: 1 });
  const fixture = await startServing('control.mjs', options, { env: { RELEASE_FILE: file } });
  return { fixture, release, file };
}

/** What a route of `control.mjs` answers. */
async function ask<T>({ url }: { readonly url: string }, route: string): Promise<T> {
  const { json } = await probeJson(`${url}${route}`);
  return json as T;
}

interface ToldLease {
  readonly name: string;
  readonly fencingToken: number;
}

test.for(MODES)(
  'two upgrades under load lose no request and no state, asked for by primary and worker (%s)',
  async (balance) => {
    const { fixture, release } = await startRelease({ workers: 2, balance });
    const loads = (['keep-alive', 'new'] as const).map((connections) =>
      startLoad({ url: `${fixture.url}count`, connections, concurrency: 3 }),
    );
    const answered = async (): Promise<unknown> =>
      await Promise.all(loads.map(async (load) => await load.answered(20)));
    await answered();
    const sockets = listeningSockets(fixture.pid, fixture.port);
    expect(sockets.length).toBeGreaterThan(0);
    const first = await ask<ToldLease>(fixture, 'lease');
    expect(await ask(fixture, 'config?level=debug')).toMatchObject({ version: 2 });

    release({ version: 2 });
    const outcome = await upgrade(fixture);
    const { pid = 0 } = outcome as { pid?: number };
    expect(outcome).toEqual({ ok: true, pid: expect.any(Number) as number });
    expect(pid).not.toBe(fixture.pid);
    await waitUntilGone([fixture.pid, ...pidsOf(fixture.status)]);
    // The very same sockets, so that what waits in their queues is not lost.
    expect(listeningSockets(pid, fixture.port)).toEqual(sockets);
    await answered();
    const second = await statusAt(fixture.url);
    expect(second).toMatchObject({
      pid,
      generation: 2,
      desired: 2,
      ready: 2,
      balance: { mode: balance },
    });
    expect((await probe(fixture.url)).headers).toMatchObject({
      'x-version': '2',
      'x-generation': '2',
    });
    // What was acquired before the state moved is still held by those that live, and by nobody else.
    const lease = await ask<ToldLease>(fixture, 'lease');
    expect(lease).toMatchObject({ isHeld: true, isFree: false });
    expect(lease.fencingToken).toBeGreaterThan(first.fencingToken);
    const freed = await ask<number>(fixture, `acquire?name=${first.name}`);
    expect(freed).toBeGreaterThan(lease.fencingToken);
    const updated = { current: { level: 'debug', release: 2 }, version: 3 };
    expect(await ask(fixture, 'config')).toEqual(updated);

    release({ version: 3 });
    const { json } = await probeJson(`${fixture.url}upgrade`, { timeoutMs: 30_000 });
    const { pid: third } = json as { pid: number };
    endAfterTest(third);
    await waitUntilGone([pid, ...pidsOf(second)]);
    await answered();
    expect(await statusAt(fixture.url)).toMatchObject({ pid: third, generation: 3, ready: 2 });
    expect((await probe(fixture.url)).headers['x-version']).toBe('3');

    let answers = 0;
    for (const load of loads) {
      const { ok, failures, refused } = await load.stop();
      expect([failures, refused]).toEqual([[], 0]);
      answers += ok;
    }
    expect(await ask(fixture, 'get?key=count')).toBe(answers);
    expect(await ask(fixture, 'get?key=started')).toBe(6);
    // The last one works as any other: it reloads, and it leaves in order.
    process.kill(third, 'SIGTERM');
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    await waitUntilGone([third]);
    expect(occurrences(fixture.output, '"level":50')).toBe(0);
  },
);

test('an upgrade asked for while one runs is refused, and what the successor has is its own', async () => {
  const { fixture, release } = await startRelease({ workers: 2 });
  const url = `${fixture.url}count`;
  // Many at once: some are to be counted by workers that drain.
  const load = startLoad({ url, connections: 'keep-alive', concurrency: 16, paceMs: 1 });
  await load.answered(20);

  release({ version: 2 });
  const [first, second] = await Promise.all([upgrade(fixture), upgrade(fixture)]);
  expect(first).toMatchObject({ ok: true });
  expect(second).toMatchObject({ ok: false, code: 'SHUTTING_DOWN' });
  await waitUntilGone([fixture.pid]);
  await load.answered(20);
  const { ok, failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(await ask(fixture, 'get?key=count')).toBe(ok);
  const { pid } = await statusAt(fixture.url);
  expect(pid).toBe((first as { pid?: number }).pid);
});

test('an upgrade that fails is UPGRADE_FAILED: the old one goes on, and upgrades later', async () => {
  // The good release must boot within it too, on a busy machine.
  const { fixture, release } = await startRelease({ workers: 2, bootTimeoutMs: 5_000 });
  const load = startLoad({ url: `${fixture.url}count`, connections: 'new', concurrency: 4 });
  await ask(fixture, 'config?level=debug');
  await load.answered(20);

  for (const { breaks, why } of [
    { breaks: 'script', why: /ended \(code 1\) before it was ready/ },
    { breaks: 'main', why: /ended \(code 1\) before it was ready/ },
    { breaks: 'hang', why: /not ready within 10000 ms/ },
  ] as const) {
    release({ version: 2, breaks });
    expect(await upgrade(fixture)).toEqual({
      ok: false,
      code: 'UPGRADE_FAILED',
      message: expect.stringMatching(why) as string,
    });

    const status = await statusOf(fixture);
    expect(pidsOf(status)).toEqual(pidsOf(fixture.status));
    expect(status).toMatchObject({ ready: 2, restarts: {} });
    // Nothing is left of the new one.
    await waitFor(() => fixture.family().length === 3, {
      what: () => `processes ${fixture.family().join()} to be the old primary and its workers`,
    });
    await load.answered(20);
  }

  release({ version: 3 });
  expect(await upgrade(fixture)).toMatchObject({ ok: true });
  await waitUntilGone([fixture.pid]);
  await load.answered(20);
  const { ok, failures, refused } = await load.stop();
  expect([failures, refused]).toEqual([[], 0]);
  expect(await ask(fixture, 'get?key=count')).toBe(ok);
  expect(await ask(fixture, 'config')).toMatchObject({ current: { level: 'debug' }, version: 3 });
  expect((await probe(fixture.url)).headers['x-version']).toBe('3');
});

test.for(MODES)(
  'a new release takes nothing before it is ready, and then all, in spite of its admin port (%s)',
  async (balance) => {
    const { fixture, release, file } = await startRelease({ workers: 1, balance });
    const versions = async (requests: number): Promise<string[]> => {
      const { byWorker } = await startLoad({
        url: fixture.url,
        connections: 'new',
        requests,
        workerIdOf: ({ headers }) => String(headers['x-version']),
      }).finished;
      return Object.keys(byWorker);
    };
    // As many as before the upgrade, not as the options say.
    expect(await call(fixture, 'scale', 2)).toMatchObject({ ok: true });
    release({ version: 2, breaks: 'late', admin: { port: fixture.port } });
    const upgraded = upgrade(fixture);
    await fixture.waitForOutput(/(a worker of version 2 listens[^]*){2}/);
    expect(await versions(60)).toEqual(['1']);

    fs.rmSync(file);
    expect(await upgraded).toMatchObject({ ok: true });
    await waitUntilGone([fixture.pid]);
    expect(await versions(20)).toEqual(['2']);
    expect(await statusAt(fixture.url)).toMatchObject({ desired: 2, ready: 2 });
    await fixture.waitForOutput(/goes on without its admin server/);
    expect((await probe(fixture.url)).status).toBe(200);
  },
);

test('a new primary that cannot be started at all is UPGRADE_FAILED', async () => {
  const { fixture } = await startRelease({ workers: 1 });

  expect(await upgrade(fixture, { execPath: '/no/such/node' })).toEqual({
    ok: false,
    code: 'UPGRADE_FAILED',
    message: expect.stringMatching(/this primary goes on: the new primary could not be/) as string,
  });
  expect((await probe(fixture.url)).status).toBe(200);
});

test('an upgrade runs the Node.js that it is given', async () => {
  const { fixture } = await startRelease({ workers: 1 });
  const other = otherNodes().find((node) => node.hasSlots === hasSlots)?.path;
  // The same one by another name, where there is no other.
  const link = `${temporaryDirectory()}/node`;
  fs.symlinkSync(other ?? testNode, link);
  const load = startLoad({ url: fixture.url, connections: 'new', concurrency: 2 });
  await load.answered(10);

  const { pid } = (await upgrade(fixture, { execPath: link })) as { pid?: number };

  await waitUntilGone([fixture.pid]);
  const [, json = ''] = await fixture.waitForOutput(new RegExp(`primary (.*"pid":${pid},.*)`));
  expect(JSON.parse(json)).toMatchObject({ argv0: link });
  const { nodeVersion } = await statusAt(fixture.url);
  expect(nodeVersion).toBe((JSON.parse(json) as { version: string }).version);
  expect(nodeVersion === fixture.status.nodeVersion).toBe(other === undefined);
  await load.answered(10);
  expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
});

test.for(
  otherNodes()
    .filter((node) => node.hasSlots && !hasSlots)
    .slice(0, 1),
)('an upgrade to a Node.js with listen slots keeps the sockets it inherits', async ({ path }) => {
  const { fixture } = await startRelease({ workers: 2 });
  const load = startLoad({ url: fixture.url, connections: 'new', concurrency: 4 });
  await load.answered(20);

  expect(await upgrade(fixture, { execPath: path })).toMatchObject({ ok: true });

  await waitUntilGone([fixture.pid]);
  await load.answered(20);
  expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
  expect(await statusAt(fixture.url)).toMatchObject({
    generation: 2,
    ready: 2,
    balance: { mode: 'round-robin', reason: expect.stringMatching(/predecessor/) as string },
  });
});

test('a Unix socket keeps its file through upgrades, and loses it at the end', async () => {
  const socketPath = `${temporaryDirectory()}/app.sock`;
  const fixture = start(
    'listen.mjs',
    { workers: 1 },
    { env: { FRAMEWORK: 'http', LISTEN: JSON.stringify({ unix: { path: socketPath } }) } },
  );
  await fixture.nextEvent('started');

  const { pid = 0 } = (await upgrade(fixture)) as { pid?: number };
  await waitUntilGone([fixture.pid]);
  expect(await requestFrom({ socketPath })).toMatchObject({ status: 200 });

  process.kill(pid, 'SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  await expect(requestFrom({ socketPath })).rejects.toMatchObject({ code: 'ENOENT' });
});

test('an inheritance that nobody has left is refused before anything is forked', async () => {
  const fixture = start('serve.mjs', {}, { env: { CORRAL_INHERITANCE: '{"generation":"new"}' } });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(fixture.stderr).toMatch(/INHERITANCE_INVALID/);
  expect(fixture.output).not.toContain('starting');
});
