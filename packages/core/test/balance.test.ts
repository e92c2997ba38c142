// Process tests: the ways of balancing, which one is in use, and how even it is.
import http from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { descendantsOf, startLoad, waitFor } from '@corral/test-kit';
import {
  hasSlots,
  holdConnections,
  MODES,
  otherNodes,
  requestFrom,
  testNode,
} from './balance-support.js';
import { call, start, startServing, statusOf } from './support.js';
import type { ServingFixture } from './support.js';

test('status() says which way is in use, and why', async () => {
  const auto = await startServing('serve.mjs', { workers: 1 });
  expect(auto.status.balance).toEqual(
    hasSlots
      ? { mode: 'slots', reason: expect.stringMatching(/the kernel/) as string }
      : {
          mode: 'round-robin',
          reason: expect.stringMatching(/listen slots need (Linux|Node ≥ 24\.19)/) as string,
        },
  );
  for (const balance of ['round-robin', 'sticky'] as const) {
    const fixture = await startServing('serve.mjs', { workers: 1, balance });
    expect(fixture.status.balance).toEqual({
      mode: balance,
      reason: expect.stringMatching(/^asked for by the option balance/) as string,
    });
  }
});

const nodesWithoutSlots = hasSlots
  ? otherNodes().flatMap((node) => (node.hasSlots ? [] : [node.path]))
  : [testNode];

test.for(nodesWithoutSlots.slice(0, 1))(
  "balance: 'slots' where there are none is refused before anything is forked",
  async (node) => {
    const fixture = start('options.mjs', { balance: 'slots' }, { node });

    const error = await fixture.nextEvent('threw');
    expect(descendantsOf(fixture.pid)).toEqual([]);
    expect(error['code']).toBe('BALANCE_UNAVAILABLE');
    expect(error['message']).toMatch(/'slots', but listen slots need .*; use 'auto'/);
    await fixture.waitForExit();
  },
);

test.for([...MODES.filter((mode) => mode !== 'slots' && hasSlots), 'sticky'] as const)(
  'reload and scale under load lose no request, of neither kind of connection (%s)',
  async (balance) => {
    const fixture = await startServing('serve.mjs', { workers: 2, balance, minUptimeMs: 100 });
    const loads = (['keep-alive', 'new'] as const).map((connections) =>
      startLoad({ url: `${fixture.url}?delayMs=5`, connections, concurrency: 4 }),
    );
    const answered = async (): Promise<unknown> =>
      await Promise.all(loads.map(async (load) => await load.answered(20)));
    await answered();

    for (const [method, argument] of [
      ['reload', { concurrency: 2 }],
      ['scale', 3],
      ['scale', 1],
    ] as const) {
      expect(await call(fixture, method, argument)).toMatchObject({ ok: true });
      await answered();
    }
    // All that had to leave has left.
    while ((await statusOf(fixture)).workers.length > 1) await fixture.nextEvent('workerExit');
    await answered();

    for (const load of loads) {
      const { failures, refused } = await load.stop();
      expect([failures, refused]).toEqual([[], 0]);
    }
  },
);

test('reloads asked for while one runs wait their turn, and are one', async () => {
  const fixture = await startServing('serve.mjs', { workers: 2, minUptimeMs: 100 });

  const first = call(fixture, 'reload');
  await waitFor(async () => (await statusOf(fixture)).generation === 2, {
    what: () => 'the first reload to begin',
  });
  const others = Array.from({ length: 3 }, async () => await call(fixture, 'reload'));
  fixture.kill('SIGHUP');
  fixture.kill('SIGUSR2');

  expect(await first).toMatchObject({ value: { generation: 2, replaced: 2, failed: 0 } });
  for (const outcome of await Promise.all(others)) {
    expect(outcome).toMatchObject({ value: { generation: 3, replaced: 2, failed: 0 } });
  }
  expect(await fixture.nextEvent('reload')).toMatchObject({ generation: 2 });
  expect(await fixture.nextEvent('reload')).toMatchObject({ generation: 3 });
  // Not interleaved: no worker of a generation starts before the last of the one before is ready.
  const generations = fixture.events
    .filter(({ event }) => event === 'workerReady')
    .map(({ generation }) => Number(generation));
  expect(generations.slice(0, 4)).toEqual([2, 2, 3, 3]);
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** As the workers' next heartbeats tell. */
async function statusShows(
  fixture: ServingFixture,
  byWorker: ReadonlyMap<string, number>,
): Promise<void> {
  await waitFor(
    async () => {
      const { workers } = await statusOf(fixture);
      return workers.every(
        ({ workerId, connections }) => connections === (byWorker.get(String(workerId)) ?? 0),
      );
    },
    { what: () => `status() to show ${JSON.stringify([...byWorker])}` },
  );
}

test.for(MODES)('200 long-lived connections end up even (%s)', async (balance) => {
  const fixture = await startServing('serve.mjs', { workers: 2, balance, heartbeatMs: 100 });

  const counts = new Map<string, number>();
  // Those that stay come over hours, and the primary hears of each; nobody steers what comes in one moment.
  for (let step = 0; step < 20; step += 1) {
    const { byWorker } = await holdConnections(fixture.port, 10);
    for (const [id, count] of byWorker) counts.set(id, (counts.get(id) ?? 0) + count);
    await statusShows(fixture, counts);
  }
  expect(Math.max(...counts.values()) / 100).toBeLessThanOrEqual(1.1);
});

test.for(MODES)(
  'new connections are steered to the worker that has fewest, until they are even (%s)',
  async (balance) => {
    const fixture = await startServing('serve.mjs', { workers: 1, balance });
    const before = await holdConnections(fixture.port, 80);
    await statusShows(fixture, before.byWorker);

    expect(await call(fixture, 'scale', 2)).toMatchObject({ ok: true });
    const counts = new Map([
      ['1', 80],
      ['2', 0],
    ]);
    const isEven = (): boolean => {
      const values = [...counts.values()];
      return Math.max(...values) <= (1.1 * sum(values)) / values.length;
    };
    // In steps: how quickly steering hears of connections depends on what else the machine does.
    for (let steps = 0; steps < 3 && !isEven(); steps++) {
      const { byWorker } = await holdConnections(fixture.port, 40);
      for (const [id, count] of byWorker) counts.set(id, (counts.get(id) ?? 0) + count);
      await statusShows(fixture, counts);
    }
    expect(isEven(), JSON.stringify([...counts])).toBe(true);
  },
);

test.for(MODES)(
  'new connections are steered away from an overloaded worker, until it has time again (%s)',
  async (balance) => {
    const fixture = await startServing('busy.mjs', { workers: 2, balance, heartbeatMs: 100 });
    const { port } = fixture;
    const workerOf = async (options: http.RequestOptions): Promise<unknown> =>
      (await requestFrom({ port, ...options })).headers['x-worker-id'];
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());

    // One request after the other on one connection: nothing that counts of connections would tell.
    let isOver = false;
    const keepBusy = async (): Promise<unknown> => {
      const busy = await workerOf({ agent, path: '/busy?ms=200' });
      return isOver ? busy : await keepBusy();
    };
    const overload = keepBusy();
    const nextAnsweredBy: unknown[] = [];
    await waitFor(
      async () => {
        nextAnsweredBy.push(await workerOf({}));
        const last = nextAnsweredBy.slice(-20);
        return last.length === 20 && new Set(last).size === 1;
      },
      { what: () => `20 connections in a row for one worker: ${nextAnsweredBy.join(' ')}` },
    );
    isOver = true;
    const busy = await overload;

    expect(nextAnsweredBy.at(-1)).not.toBe(busy);
    await waitFor(async () => (await workerOf({})) === busy, {
      what: () => `worker ${String(busy)} to get connections again`,
    });
  },
);
