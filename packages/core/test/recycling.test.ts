// Process tests: workers are replaced after so many requests, bytes or ms: replacement first, one at a time.
import { expect, test } from 'vitest';
import { probe, startLoad } from '@corral/test-kit';
import type { Fixture, FixtureEvent } from '@corral/test-kit';
import { startServing, statusOf } from './support.js';

const QUICK = { heartbeatMs: 50 };

/** In every pair of events a replacement was ready before the worker it replaces had left. */
function expectReplacementFirst(events: readonly FixtureEvent[], workers: number): void {
  let alive = workers;
  for (const { event } of events) {
    if (event === 'workerReady') alive += 1;
    else if (event === 'workerExit') alive -= 1;
    expect(alive).toBeGreaterThanOrEqual(workers);
    // One at a time; the one before it may still be draining.
    expect(alive).toBeLessThanOrEqual(workers + 2);
  }
}

async function nextExits(fixture: Fixture, count: number): Promise<FixtureEvent[]> {
  const exits: FixtureEvent[] = [];
  while (exits.length < count) exits.push(await fixture.nextEvent('workerExit'));
  return exits;
}

test('maxRequests: each worker is replaced after about so many requests, under load', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2, maxRequests: 100, ...QUICK });
  const load = startLoad({ url: `${fixture.url}?delayMs=2`, connections: 'new', concurrency: 4 });

  const exits = await nextExits(fixture, 4);

  for (const exit of exits) expect(exit).toMatchObject({ reason: 'recycled-requests', code: 0 });
  expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
  expectReplacementFirst(fixture.events, 2);
  const status = await statusOf(fixture);
  expect(status.ready).toBe(2);
  expect(status.restarts['recycled-requests']).toBeGreaterThanOrEqual(4);
});

test('maxAgeMs: each worker is replaced after about so many ms', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2, maxAgeMs: 1_200, ...QUICK });

  const exits = await nextExits(fixture, 2);

  for (const exit of exits) {
    expect(exit).toMatchObject({ reason: 'recycled-age', code: 0 });
    expect(exit['uptimeMs']).toBeGreaterThanOrEqual(1_200);
  }
  expectReplacementFirst(fixture.events, 2);
});

test('maxRssBytes: only the worker that has grown is replaced', async () => {
  // A young worker has well under half of it.
  const maxRssBytes = 220 * 1024 * 1024;
  const fixture = await startServing('grow.mjs', { workers: 2, maxRssBytes, ...QUICK });

  const grown: unknown[] = [];
  while (fixture.events.every(({ event }) => event !== 'workerExit')) {
    const { headers } = await probe(`${fixture.url}grow`);
    grown.push(Number(headers['x-worker-pid']));
  }

  const exit = await fixture.nextEvent('workerExit');
  expect(exit).toMatchObject({ reason: 'recycled-memory', code: 0 });
  expect(grown).toContain(exit['pid']);
  expectReplacementFirst(fixture.events, 2);
});

test('maxHeapUsedRatio: a worker is replaced before V8 ends it', async () => {
  const fixture = await startServing(
    'grow.mjs',
    { workers: 2, maxHeapUsedRatio: 0.2, ...QUICK },
    { execArgv: ['--max-old-space-size=128'] },
  );

  const { headers } = await probe(`${fixture.url}grow-heap`);

  const exit = await fixture.nextEvent('workerExit');
  expect(exit).toMatchObject({ reason: 'recycled-memory', code: 0 });
  expect(String(exit['pid'])).toBe(headers['x-worker-pid']);
  expectReplacementFirst(fixture.events, 2);
});
