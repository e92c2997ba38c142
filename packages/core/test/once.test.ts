// Process test: work that runs once is done by one worker at a time, whatever happens to the workers.
import { expect, test } from 'vitest';
import { waitFor } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { call, start } from './support.js';

interface OnceEvent {
  readonly pid: number;
  readonly what: 'begun' | 'held' | 'aborted' | 'run' | 'skipped';
  readonly fencingToken: number;
  readonly atUs: number;
  readonly code: string;
  readonly tick: string;
}

function eventsOf({ stdout }: Fixture): OnceEvent[] {
  return [...stdout.matchAll(/^once (.*)$/gm)].map(
    ([, json = '']) => JSON.parse(json) as OnceEvent,
  );
}

/** Resolves with the worker that does the singleton's work after so many others. */
async function nextHolder(fixture: Fixture, after: number): Promise<OnceEvent> {
  return await waitFor(() => eventsOf(fixture).filter(({ what }) => what === 'begun')[after], {
    what: () => `holder ${after + 1}: ${fixture.output}`,
  });
}

/** The second run of all may have ended it already. */
function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    expect(error).toMatchObject({ code: 'ESRCH' });
  }
}

function runsIn(events: readonly OnceEvent[]): readonly OnceEvent[] {
  return events.filter(({ what }) => what === 'run');
}

/** Resolves when there have been so many runs. */
async function runs(fixture: Fixture, count: number): Promise<void> {
  await waitFor(() => runsIn(eventsOf(fixture)).length >= count, {
    what: () => `run ${count}: ${fixture.output}`,
  });
}

async function nextRun(fixture: Fixture): Promise<void> {
  await runs(fixture, runsIn(eventsOf(fixture)).length + 1);
}

test('a singleton and scheduled runs are one worker’s at a time: kills, a stop, a reload', async () => {
  const fixture = start('once.mjs', { workers: 4, minUptimeMs: 0, stallMs: 0 });
  await fixture.nextEvent('started');

  const stopped = await nextHolder(fixture, 0);
  process.kill(stopped.pid, 'SIGSTOP');
  const killed = await nextHolder(fixture, 1);
  process.kill(stopped.pid, 'SIGCONT');
  await nextRun(fixture);
  // Not while it may have claimed a run that it has not begun: that one would be nobody's.
  killIfAlive(killed.pid);
  await nextHolder(fixture, 2);
  // One of the first runs has killed its worker.
  await nextRun(fixture);
  const { value: report } = (await call(fixture, 'reload')) as { value: unknown };
  expect(report).toMatchObject({ replaced: 4 });
  await runs(fixture, 4);
  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });

  const events = eventsOf(fixture);
  expectNoOverlap(events);
  const reload = events.findLast(({ what }) => what === 'aborted');
  expect(reload).toMatchObject({ code: 'SINGLETON_STOPPED' });
  expect(events).toContainEqual(
    expect.objectContaining({ pid: stopped.pid, what: 'aborted', code: 'STATE_LEASE_LOST' }),
  );
  expectOneRunForEachTick(events);
});

/** Tokens grow from one holder to the next, and each begins after the last step of the one before. */
function expectNoOverlap(events: readonly OnceEvent[]): void {
  const held = events
    .filter(({ what }) => what === 'begun' || what === 'held')
    .sort((a, b) => a.fencingToken - b.fencingToken || a.atUs - b.atUs);
  const begun = held.filter(({ what }) => what === 'begun');
  expect(new Set(begun.map(({ fencingToken }) => fencingToken)).size).toBe(begun.length);
  expect(held.map(({ atUs }) => atUs)).toEqual(
    held.map(({ atUs }) => atUs).toSorted((a, b) => a - b),
  );
}

function expectOneRunForEachTick(events: readonly OnceEvent[]): void {
  const ticks = events.filter(({ what }) => what === 'run' || what === 'skipped');
  expect(
    runsIn(ticks)
      .map(({ tick }) => tick)
      .sort(),
  ).toEqual([...new Set(ticks.map(({ tick }) => tick))].sort());
}
