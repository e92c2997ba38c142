// Process tests: scale() under load.
import { expect, test } from 'vitest';
import { startLoad, waitUntilGone } from '@corral/test-kit';
import { call, pidsOf, startServing, statusOf, toldCounts } from './support.js';

test.for(['keep-alive', 'new'] as const)(
  'scaling up and down under load loses no request (%s connections)',
  async (connections) => {
    const fixture = await startServing('serve.mjs', { workers: 1 });
    const load = startLoad({ url: fixture.url, connections });
    await load.answered(50);

    expect(await call(fixture, 'scale', 3)).toEqual({ ok: true });
    expect(await fixture.nextEvent('scale')).toMatchObject({ from: 1, to: 3 });
    const scaledUp = await statusOf(fixture);
    expect(scaledUp).toMatchObject({ desired: 3, ready: 3 });
    expect(scaledUp.workers.map(({ workerId }) => workerId)).toEqual([1, 2, 3]);
    await load.answered(100);

    expect(await call(fixture, 'scale', 1)).toEqual({ ok: true });
    expect(await fixture.nextEvent('scale')).toMatchObject({ from: 3, to: 1 });
    const exits = [await fixture.nextEvent('workerExit'), await fixture.nextEvent('workerExit')];
    for (const exit of exits) expect(exit).toMatchObject({ reason: 'scale-down', code: 0 });
    expect(exits.map(({ workerId }) => workerId).sort()).toEqual([2, 3]);
    await waitUntilGone(pidsOf(scaledUp).slice(1));
    await load.answered(50);

    const { failures, refused, ok } = await load.stop();
    expect(failures).toEqual([]);
    expect(refused).toBe(0);
    expect(await statusOf(fixture)).toMatchObject({ desired: 1, ready: 1, restarts: {} });

    fixture.kill('SIGTERM');
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    expect(toldCounts(fixture.stdout)).toEqual({ received: ok, answered: ok });
  },
);

test('new workers take a share of the connections', async () => {
  const fixture = await startServing('serve.mjs', { workers: 1 });

  await call(fixture, 'scale', 3);

  const { byWorker } = await startLoad({ url: fixture.url, connections: 'new', requests: 60 })
    .finished;
  expect(Object.keys(byWorker).sort()).toEqual(['1', '2', '3']);
});

test('scale() takes whole numbers from 1 on', async () => {
  const fixture = await startServing('serve.mjs', { workers: 1 });

  for (const workers of [0, -1, 1.5, 'two']) {
    expect(await call(fixture, 'scale', workers)).toMatchObject({
      ok: false,
      error: { code: 'INVALID_ARGUMENT' },
    });
  }
  expect(await statusOf(fixture)).toMatchObject({ desired: 1, ready: 1 });
});
