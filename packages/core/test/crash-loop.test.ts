// Process tests: workers that crash again and again: back-off, window, and what comes after it.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EXIT_CODES } from '@corral/core';
import { probe, waitFor, waitUntilGone } from '@corral/test-kit';
import { logLines, pidsOf, startServing, statusOf } from './support.js';
import type { FixtureBootstrapOptions, ServingFixture } from './support.js';

interface CrashLoop {
  readonly fixture: ServingFixture;
  /** From now on all workers crash; kills those that run. */
  begin(): void;
  /** From now on workers start again. */
  end(): void;
}

async function startCrashLoop(
  workers: number,
  restart: NonNullable<FixtureBootstrapOptions['restart']>,
): Promise<CrashLoop> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'corral-crash-loop-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true }));
  const flag = path.join(folder, 'crash');
  const fixture = await startServing(
    'crash-loop.mjs',
    { workers, restart },
    { env: { CRASH_FLAG: flag } },
  );
  return {
    fixture,
    begin() {
      fs.writeFileSync(flag, '');
      for (const pid of pidsOf(fixture.status)) process.kill(pid, 'SIGKILL');
    },
    end: () => fs.rmSync(flag),
  };
}

/** The delays before restarts, in ms, as the log tells them. */
function delaysMs(output: string): number[] {
  return logLines(output).flatMap(({ delayMs }) => (typeof delayMs === 'number' ? [delayMs] : []));
}

test("onExhausted 'exit': delays grow, the window is honoured, exit code 70, nobody left", async () => {
  const restart = {
    intensity: 5,
    minDelayMs: 40,
    maxDelayMs: 10_000,
    onExhausted: 'exit',
  } as const;
  const { fixture, begin } = await startCrashLoop(1, restart);
  const pids = fixture.family();

  begin();

  expect(EXIT_CODES.crashLoop).toBe(70);
  expect(await fixture.waitForExit()).toEqual({ code: 70, signal: null });
  await waitUntilGone(pids);
  // The sixth loss within the window is one too many.
  const exits = fixture.events.filter(({ event }) => event === 'workerExit');
  expect(exits.map(({ reason }) => reason)).toEqual([
    'killed',
    ...Array.from({ length: 5 }, () => 'boot-failed'),
  ]);
  const [first, ...others] = delaysMs(fixture.stdout);
  expect(first).toBe(0);
  expect(others).toHaveLength(4);
  // Each is between half and all of a step that doubles.
  for (const [index, delayMs] of others.entries()) {
    expect(delayMs).toBeGreaterThanOrEqual(20 * 2 ** index);
    expect(delayMs).toBeLessThanOrEqual(40 * 2 ** index);
  }
  expect(fixture.output).toMatch(/more than 5 restarts within 60000 ms/);
  expect(fixture.output).toContain('crashes in a loop');
});

test("onExhausted 'keep-trying': goes on at the capped delay, and recovers", async () => {
  const restart = {
    intensity: 2,
    minDelayMs: 20,
    maxDelayMs: 100,
    onExhausted: 'keep-trying',
  } as const;
  const { fixture, begin, end } = await startCrashLoop(1, restart);

  begin();
  for (let exits = 0; exits < 8; exits++) await fixture.nextEvent('workerExit');
  expect(fixture.output).toMatch(/more than 2 restarts within 60000 ms/);
  const capped = delaysMs(fixture.stdout).slice(4);
  for (const delayMs of capped) {
    expect(delayMs).toBeGreaterThanOrEqual(50);
    expect(delayMs).toBeLessThanOrEqual(100);
  }
  end();

  await fixture.nextEvent('workerReady');
  expect((await probe(fixture.url)).status).toBe(200);
  const { ready, restarts } = await statusOf(fixture);
  expect(ready).toBe(1);
  expect(restarts).toMatchObject({ killed: 1 });
  expect(restarts['boot-failed']).toBeGreaterThanOrEqual(7);
});

test('crashes that have left the window do not count', async () => {
  const restart = {
    intensity: 2,
    periodMs: 200,
    minDelayMs: 0,
    maxDelayMs: 0,
    onExhausted: 'exit',
  } as const;
  const { fixture } = await startCrashLoop(1, restart);

  // A boot takes longer than a third of the window, so there are never three restarts within it.
  for (let times = 0; times < 5; times++) {
    const worker = await waitFor(
      async () => {
        const [only] = (await statusOf(fixture)).workers;
        return only !== undefined && only.uptimeMs > restart.periodMs ? only : undefined;
      },
      { what: () => 'the worker to be older than the window' },
    );
    process.kill(worker.pid, 'SIGKILL');
    await fixture.nextEvent('workerReady');
  }

  expect((await statusOf(fixture)).restarts).toEqual({ killed: 5 });
});

test('SIGTERM during a crash loop ends it at once: exit 0', async () => {
  const restart = { minDelayMs: 60_000, maxDelayMs: 60_000, onExhausted: 'keep-trying' } as const;
  const { fixture, begin } = await startCrashLoop(2, restart);
  begin();
  // The first restart of each is at once; then both wait out a long delay.
  await fixture.waitForOutput(/worker 1 again in [1-9]\d* ms/);
  await fixture.waitForOutput(/worker 2 again in [1-9]\d* ms/);

  fixture.kill('SIGTERM');

  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});
