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

function runsIn(events: readonly OnceEvent[]): readonly OnceEvent[] {
  return events.filter(({ what }) => what === 'run');
}

async function nextRun(fixture: Fixture): Promise<void> {
  const before = runsIn(eventsOf(fixture)).length;
  await waitFor(() => runsIn(eventsOf(fixture)).length > before, {
    what: () => `run ${before + 1}: ${fixture.output}`,
  });
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
  process.kill(killed.pid, 'SIGKILL');
  await nextHolder(fixture, 2);
  expect(await call(fixture, 'request', 'primary', 'killTheNext', {})).toMatchObject({
    ok: true,
  });
  await fixture.nextEvent('workerExit', ({ pid }) => pid !== killed.pid);
  await nextRun(fixture);
  const { value: report } = (await call(fixture, 'reload')) as { value: unknown };
  expect(report).toMatchObject({ replaced: 4 });
  // At the beginning of a second, for in a shutdown all leave a run to others.
  await nextRun(fixture);
  const endMs = Date.now();
  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });

  const events = eventsOf(fixture);
  expectNoOverlap(events);
  const reload = events.findLast(({ what }) => what === 'aborted');
  expect(reload).toMatchObject({ code: 'SINGLETON_STOPPED' });
  expect(events).toContainEqual(
    expect.objectContaining({ pid: stopped.pid, what: 'aborted', code: 'STATE_LEASE_LOST' }),
  );
  expectOneRunForEachTick(
    events.filter(({ tick }) => tick === undefined || Date.parse(tick) < endMs),
  );
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
