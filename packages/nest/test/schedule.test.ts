// Process test: of the handlers that all workers schedule, one runs each time, also when workers are killed.
import { spawnFixture, waitFor } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { expect, it, onTestFinished } from 'vitest';

interface Call {
  readonly pid: number;
  /** The second in which it was, in ms since 1970. */
  readonly tickMs: number;
}

/** The calls so far of one of the fixture's handlers. */
function callsOf({ stdout }: Fixture, handler: 'everywhere' | 'once' | 'interval'): Call[] {
  const lines = stdout.matchAll(new RegExp(`^${handler} (\\d+) (\\d+)$`, 'gm'));
  return [...lines].map(([, pid, atMs]) => ({
    pid: Number(pid),
    tickMs: Math.floor(Number(atMs) / 1_000) * 1_000,
  }));
}

/** @param but whose runs do not count: their lines may arrive later than word of their end */
async function nextRun(fixture: Fixture, but?: number): Promise<Call> {
  const runs = (): Call[] => callsOf(fixture, 'once').filter(({ pid }) => pid !== but);
  const before = runs().length;
  return await waitFor(() => runs()[before], {
    what: () => `run ${before + 1}: ${fixture.output}`,
  });
}

it('runs a handler in one worker for each tick: kills in a run, and between two', async () => {
  const fixture = spawnFixture(new URL('../dist-fixtures/schedule.js', import.meta.url), {
    env: { LOG_LEVEL: 'fatal' },
  });
  onTestFinished(async () => {
    await fixture.close();
  });
  await fixture.nextEvent('started');
  // A worker that begins in the middle of a tick may have scheduled one handler before it and the other after.
  const { tickMs: beginMs } = await nextRun(fixture);

  fixture.send('killTheNext');
  const { pid: killed } = await fixture.nextEvent('workerExit');
  const { pid: next } = await nextRun(fixture, Number(killed));
  // At the beginning of a second: it has begun no other run. One of the first three is left.
  process.kill(next, 'SIGKILL');
  await fixture.nextEvent('workerExit', ({ pid }) => pid === next);
  await nextRun(fixture, next);
  await waitFor(() => callsOf(fixture, 'interval').length >= 2, { what: () => fixture.output });

  // At the beginning of a second again, for who leaves takes no run.
  const { tickMs: endMs } = await nextRun(fixture);
  fixture.kill('SIGTERM');
  const { claimed } = await fixture.nextEvent('claimed');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  const runs = callsOf(fixture, 'once');
  const ticks = callsOf(fixture, 'everywhere');
  // One for each that was claimed, and a claim for each tick that anybody has seen.
  expect(runs).toHaveLength((claimed as number[]).length);
  const due = ticks.filter(({ tickMs }) => tickMs >= beginMs && tickMs <= endMs);
  const left = due.filter(({ tickMs }) => !(claimed as number[]).includes(tickMs));
  expect(left, fixture.output).toEqual([]);
  expect(runs.length).toBeLessThan(ticks.length);
  expect(callsOf(fixture, 'interval').length).toBeLessThan(ticks.length);
});
