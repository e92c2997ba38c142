// Process tests: workers that do not respond are reported with what blocks them, and replaced.
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { StackFrame } from '@corral/core';
import { probe, startLoad, waitUntilGone } from '@corral/test-kit';
import { call, logLines, pidsOf, startServing, statusOf } from './support.js';

// Long enough that a busy machine takes the stack within it.
const STALL_MS = 2_000;

const fixtureFile = new URL('fixtures/stall.mjs', import.meta.url).pathname;
const busyLine =
  fs
    .readFileSync(fixtureFile, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes('the line that the report names')) + 1;

test('a loop blocked for 5 s: found within 2 × stallMs, with file and line; replaced', async () => {
  const fixture = await startServing('stall.mjs', { workers: 2, stallMs: STALL_MS });
  const blocked = probe(`${fixture.url}block?ms=5000`).catch((error: unknown) => error);
  await fixture.waitForOutput(/blocking/);
  const startMs = performance.now();

  const stalled = await fixture.nextEvent('workerStalled');

  expect(performance.now() - startMs).toBeLessThan(2 * STALL_MS);
  expect(stalled['blockedMs']).toBeGreaterThanOrEqual(STALL_MS);
  const frames = stalled['frames'] as StackFrame[];
  expect(frames[0]).toMatchObject({ functionName: 'busyLoop', file: fixtureFile, line: busyLine });
  const { pid, workerId } = stalled;
  expect(logLines(fixture.stdout)).toContainEqual(
    expect.objectContaining({
      workerId,
      msg: expect.stringContaining(`at busyLoop (${fixtureFile}:${busyLine}:`) as string,
    }),
  );

  const replacement = await fixture.nextEvent('workerReady');
  expect(replacement).toMatchObject({ workerId });
  expect(replacement['pid']).not.toBe(pid);
  // The stalled worker is not killed while there is hope: it answers what it was busy with.
  expect(await blocked).toMatchObject({ status: 200, body: 'done' });
  expect(await fixture.nextEvent('workerExit')).toMatchObject({ pid, reason: 'stalled', code: 0 });
  expect(await statusOf(fixture)).toMatchObject({ ready: 2, restarts: { stalled: 1 } });
});

test('a loop blocked beyond stallKillMs: the worker is killed', async () => {
  const fixture = await startServing('stall.mjs', {
    workers: 1,
    stallMs: 300,
    stallKillMs: 900,
  });
  const [pid = 0] = pidsOf(fixture.status);

  expect(
    await probe(`${fixture.url}block?ms=3600000`).catch((error: unknown) => error),
  ).toMatchObject({ code: 'ECONNRESET' });

  expect(await fixture.nextEvent('workerExit')).toMatchObject({
    pid,
    reason: 'stalled',
    signal: 'SIGKILL',
  });
  expect((await probe(fixture.url)).status).toBe(200);
  expect(await statusOf(fixture)).toMatchObject({ ready: 1, restarts: { stalled: 1 } });
});

test('a worker frozen with SIGSTOP is found, replaced and killed', async () => {
  const fixture = await startServing('serve.mjs', {
    workers: 1,
    stallMs: 300,
    stallKillMs: 900,
  });
  const [pid = 0] = pidsOf(fixture.status);

  process.kill(pid, 'SIGSTOP');

  const stalled = await fixture.nextEvent('workerStalled');
  // A frozen process cannot say what it was doing.
  expect(stalled).toMatchObject({ workerId: 1, pid, frames: [] });
  expect(await fixture.nextEvent('workerReady')).toMatchObject({ workerId: 1 });
  expect(await fixture.nextEvent('workerExit')).toMatchObject({
    pid,
    reason: 'stalled',
    signal: 'SIGKILL',
  });
  await waitUntilGone([pid]);
  expect((await probe(fixture.url)).status).toBe(200);
});

test('a stop of the whole cluster, as a suspended container’s, is nobody’s stall', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2, stallMs: 600 });
  const family = [fixture.pid, ...pidsOf(fixture.status)];
  const pulse = startLoad({ url: fixture.url, connections: 'new', concurrency: 1 });
  await pulse.answered(5);

  for (let times = 0; times < 3; times++) {
    for (const pid of family) process.kill(pid, 'SIGSTOP');
    // How long it lasts is what is tested: well beyond stallMs.
    await delay(1_500);
    // The primary last: the figures of those that go on late would be missing.
    for (const pid of family.toReversed()) process.kill(pid, 'SIGCONT');
    await pulse.answered(30);
  }

  expect((await pulse.stop()).failures).toEqual([]);
  expect(fixture.events.filter(({ event }) => event === 'workerStalled')).toEqual([]);
  expect(pidsOf(await statusOf(fixture))).toEqual(pidsOf(fixture.status));
});

test('SIGTERM while a worker is frozen ends the cluster all the same', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2, stallMs: 300, stallKillMs: 600 });
  const pids = fixture.family();
  const [pid = 0] = pidsOf(fixture.status);
  process.kill(pid, 'SIGSTOP');

  fixture.kill('SIGTERM');

  await fixture.waitForExit();
  await waitUntilGone(pids);
});

test('stallMs: 0 turns the detection off', async () => {
  const fixture = await startServing('stall.mjs', { workers: 1, stallMs: 0, heartbeatMs: 50 });

  expect((await probe(`${fixture.url}block?ms=1000`)).body).toBe('done');
  await call(fixture, 'status');

  expect(fixture.events.filter(({ event }) => event === 'workerStalled')).toEqual([]);
  expect(pidsOf(await statusOf(fixture))).toEqual(pidsOf(fixture.status));
});

test('a short pause is no stall', async () => {
  const fixture = await startServing('stall.mjs', { workers: 1, stallMs: 1_500, heartbeatMs: 50 });

  for (let times = 0; times < 3; times++) {
    expect((await probe(`${fixture.url}block?ms=400`)).body).toBe('done');
  }

  expect(fixture.events.filter(({ event }) => event === 'workerStalled')).toEqual([]);
});
