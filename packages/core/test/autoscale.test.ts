// Process tests: workers are added and taken away as they are busy.
import { expect, test } from 'vitest';
import { startLoad, waitUntilGone } from '@corral/test-kit';
import { pidsOf, startServing, statusOf } from './support.js';

const SCALING = { upRatio: 0.5, upAfterMs: 0, downRatio: 0.2, downAfterMs: 500, coolDownMs: 500 };

test('workers come with the load, up to max, and leave with it, down to min; nothing is lost', async () => {
  const fixture = await startServing('busy.mjs', {
    workers: { min: 1, max: 3 },
    scaling: SCALING,
    heartbeatMs: 100,
  });
  expect(fixture.status).toMatchObject({ desired: 1, ready: 1 });
  const light = startLoad({ url: `${fixture.url}?delayMs=50`, connections: 'new', concurrency: 1 });
  const heavy = startLoad({ url: `${fixture.url}busy?ms=50`, connections: 'new', concurrency: 8 });

  expect(await fixture.nextEvent('scale')).toMatchObject({ from: 1, to: 2 });
  expect(await fixture.nextEvent('scale')).toMatchObject({ from: 2, to: 3 });
  await heavy.answered(60);
  const busy = await statusOf(fixture);
  expect(busy).toMatchObject({ desired: 3, ready: 3 });
  expect(Object.keys((await heavy.stop()).byWorker).sort()).toEqual(['1', '2', '3']);

  expect(await fixture.nextEvent('scale')).toMatchObject({ from: 3, to: 2 });
  expect(await fixture.nextEvent('scale')).toMatchObject({ from: 2, to: 1 });
  await waitUntilGone(pidsOf(busy).slice(1));
  await light.answered(5);
  for (const load of [light, heavy]) {
    const { failures, refused } = await load.stop();
    expect([failures, refused]).toEqual([[], 0]);
  }
  expect(await statusOf(fixture)).toMatchObject({ desired: 1, ready: 1, restarts: {} });
  expect(fixture.output).toMatch(/the workers are \d+ % busy: scaling from 1 to 2/);
});

test('with { min, max } a cluster starts with min, and stays there while it idles', async () => {
  const fixture = await startServing('busy.mjs', {
    workers: { min: 2, max: 3 },
    scaling: { ...SCALING, downAfterMs: 0, coolDownMs: 0 },
    heartbeatMs: 100,
  });

  const load = startLoad({ url: `${fixture.url}?delayMs=50`, connections: 'new', concurrency: 1 });
  // More than two rounds of the autoscaler.
  await load.answered(50);

  expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
  expect(await statusOf(fixture)).toMatchObject({ desired: 2, ready: 2 });
  expect(fixture.events.filter(({ event }) => event === 'scale')).toEqual([]);
});
