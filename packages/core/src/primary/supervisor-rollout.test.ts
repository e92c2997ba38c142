// How the supervisor reloads and scales.
import { describe, expect, it } from 'vitest';
import { startSimulatedCluster, watch } from '../../test/simulated-cluster.js';
import type { SimulatedCluster } from '../../test/simulated-cluster.js';

const generations = ({ system }: SimulatedCluster): number[] =>
  system.alive.map(({ generation }) => generation);

describe('a reload', () => {
  it('replaces one worker after the other, each replacement first, the canary on probation', async () => {
    const cluster = await startSimulatedCluster(3);
    const { system, supervisor, eventsOf } = cluster;
    const old = [...system.alive];
    const startMs = system.nowMs();
    const reload = watch(supervisor.reload());
    system.onStep(() => expect(supervisor.status().ready).toBeGreaterThanOrEqual(3));
    await system.advance(1_199);
    // The canary is ready, and its predecessor serves.
    expect(supervisor.status()).toMatchObject({ ready: 4, generation: 2 });
    expect(old.map(({ isLeaving }) => isLeaving)).toEqual([false, false, false]);
    await system.advance(1);
    expect(old.map(({ received }) => received.length)).toEqual([1, 0, 0]);
    expect(old[0]?.received).toEqual([{ type: 'drain', reason: 'reload', keepAccepting: false }]);
    await system.advance(200);
    expect(old.map(({ received }) => received.length)).toEqual([1, 1, 0]);
    await system.advance(200);
    const report = { generation: 2, replaced: 3, failed: 0, durationMs: system.nowMs() - startMs };
    expect(reload.outcome).toEqual({ state: 'resolved', value: report });
    expect(eventsOf('reload')).toEqual([report]);
    await system.advance(500);
    expect(generations(cluster)).toEqual([2, 2, 2]);
    expect(supervisor.status()).toMatchObject({ ready: 3, draining: 0, restarts: { reload: 3 } });
  });

  it('replaces as many at a time as it is told, after the canary', async () => {
    const { system, supervisor } = await startSimulatedCluster(5, { minUptimeMs: 0 });
    const reload = watch(supervisor.reload({ concurrency: 2 }));
    const launches: number[] = [];
    for (let round = 0; round < 3; round++) {
      await system.advance(0);
      launches.push(system.processes.length - 5);
      await system.advance(200);
    }
    expect(launches).toEqual([1, 3, 5]);
    expect(reload.outcome).toMatchObject({ state: 'resolved', value: { replaced: 5 } });
  });

  it.each([
    ['reports an error', { boot: 'bootFails' }, 'boot-failed', 'main threw'],
    ['dies without a word', { boot: 'crashes' }, 'boot-failed', 'boot-failed'],
    ['never becomes ready', { boot: 'hangs' }, 'boot-timeout', 'bootTimeoutMs (10000 ms)'],
  ] as const)('stops when the canary %s: the old go on', async (_, behaviour, reason, text) => {
    const cluster = await startSimulatedCluster(2);
    const { system, supervisor, eventsOf, lines } = cluster;
    system.behave(behaviour);
    const reload = watch(supervisor.reload());
    await system.advance(12_000);
    expect(reload.outcome).toMatchObject({
      state: 'rejected',
      error: {
        code: 'RELOAD_ABORTED',
        message: expect.stringContaining(text) as unknown,
        details: { generation: 2, replaced: 0, failed: 1, reason },
      },
    });
    expect(eventsOf('reload')).toMatchObject([{ failed: 1, reason }]);
    expect(lines.filter(({ message }) => message.startsWith('the reload to'))).toHaveLength(1);
    expect(system.processes).toHaveLength(3);
    expect(generations(cluster)).toEqual([1, 1]);
    expect(supervisor.status()).toMatchObject({ desired: 2, ready: 2 });
  });

  it.each([
    ['crashes', (canary: { exit(exit: object): void }) => canary.exit({ code: 1 }), 'crashed'],
    ['has an uncaught error', (canary: { fail(m: string): void }) => canary.fail('no'), 'crashed'],
  ] as const)('stops when the canary %s on probation', async (_, harm, reason) => {
    const cluster = await startSimulatedCluster(2);
    const { system, supervisor } = cluster;
    const reload = watch(supervisor.reload());
    await system.advance(1_000);
    harm(system.newest(1));
    await system.advance(5_000);
    expect(reload.outcome).toMatchObject({ error: { details: { replaced: 0, reason } } });
    expect(generations(cluster)).toEqual([1, 1]);
    expect(supervisor.status().ready).toBe(2);
  });

  it('stops when the canary stalls on probation', async () => {
    const cluster = await startSimulatedCluster(2, { minUptimeMs: 8_000 });
    const { system, supervisor, eventsOf } = cluster;
    const reload = watch(supervisor.reload());
    await system.advance(1_000);
    const canary = system.newest(1);
    canary.block();
    canary.reportStall(4_000);
    await system.advance(1_000);
    expect(reload.outcome).toMatchObject({ error: { details: { reason: 'stalled' } } });
    expect(eventsOf('workerStalled')).toHaveLength(1);
    expect(canary.isAlive).toBe(false);
    await system.advance(10_000);
    expect(generations(cluster)).toEqual([1, 1]);
  });

  it('stops at a follower’s failure, and says how far it came', async () => {
    const cluster = await startSimulatedCluster(3, { minUptimeMs: 0 });
    const { system, supervisor } = cluster;
    system.behave((workerId) => (workerId === 2 ? { boot: 'bootFails' } : {}));
    const reload = watch(supervisor.reload());
    await system.advance(2_000);
    expect(reload.outcome).toMatchObject({
      error: { details: { replaced: 1, failed: 1, error: { message: 'main threw' } } },
    });
    expect(system.alive.map(({ workerId, generation }) => [workerId, generation])).toEqual([
      [2, 1],
      [3, 1],
      [1, 2],
    ]);
  });

  it('that fails does not leave a seat empty whose worker crashed meanwhile', async () => {
    const { system, supervisor } = await startSimulatedCluster(2);
    system.behave({ boot: 'crashes' });
    const reload = watch(supervisor.reload());
    await system.advance(100);
    system.processes[0]?.exit({ code: 1 });
    await system.advance(1_000);
    expect(reload.outcome.state).toBe('rejected');
    system.behave({});
    await system.advance(10_000);
    expect(supervisor.status()).toMatchObject({ desired: 2, ready: 2 });
  });

  it('that fails does not leave a seat empty whose restart was due later', async () => {
    const { system, supervisor } = await startSimulatedCluster(2);
    system.behave({ boot: 'crashes' });
    system.newest(1).exit({ code: 1 });
    // Worker 1 has crashed a few times, and waits.
    await system.advance(2_500);
    const reload = watch(supervisor.reload());
    await system.advance(1_000);
    expect(reload.outcome.state).toBe('rejected');
    system.behave({});
    await system.advance(10_000);
    expect(supervisor.status()).toMatchObject({ desired: 2, ready: 2 });
  });

  it('replaces a worker that waits for its restart at once', async () => {
    const { system, supervisor } = await startSimulatedCluster(1, {
      restart: { minDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    system.behave({ boot: 'crashes' });
    system.newest(1).exit({ code: 1 });
    await system.advance(1_000);
    expect(system.alive).toEqual([]);
    system.behave({});
    const reload = watch(supervisor.reload());
    await system.advance(1_200);
    expect(reload.outcome).toMatchObject({ state: 'resolved', value: { replaced: 1 } });
    await system.advance(120_000);
    expect(system.alive).toHaveLength(1);
  });

  it('replaces a replacement, too, that was launched before it', async () => {
    const cluster = await startSimulatedCluster(1);
    const { system, supervisor } = cluster;
    system.newest(1).terminate();
    await system.advance(50);
    const reload = watch(supervisor.reload());
    await system.advance(2_000);
    expect(reload.outcome).toMatchObject({ state: 'resolved', value: { replaced: 1 } });
    expect(system.processes.map(({ generation }) => generation)).toEqual([1, 1, 2]);
    expect(generations(cluster)).toEqual([2]);
  });

  it('waits for one that has begun, and is one for all who ask meanwhile', async () => {
    const { system, supervisor, eventsOf } = await startSimulatedCluster(2);
    const first = watch(supervisor.reload());
    await system.advance(100);
    const others = [watch(supervisor.reload()), watch(supervisor.reload())];
    await system.advance(1_200);
    expect(supervisor.generation).toBe(2);
    await system.advance(10_000);
    expect([first, ...others].map(({ outcome }) => outcome.state)).toEqual(
      Array.from({ length: 3 }, () => 'resolved'),
    );
    expect(eventsOf('reload').map(({ generation }) => generation)).toEqual([2, 3]);
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])(
    'refuses a concurrency of %d',
    async (concurrency) => {
      const { supervisor, system } = await startSimulatedCluster(1);
      await expect(supervisor.reload({ concurrency })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: `cluster.reload({ concurrency }): got ${concurrency}; expected a whole number, at least 1`,
      });
      expect(supervisor.generation).toBe(1);
      expect(system.processes).toHaveLength(1);
    },
  );
});

describe('scaling', () => {
  it('up resolves when the new workers are ready', async () => {
    const { supervisor, system, eventsOf } = await startSimulatedCluster(1);
    const scaled = watch(supervisor.scale(3));
    await system.advance(199);
    expect(supervisor.status()).toMatchObject({ desired: 3, ready: 1 });
    expect(scaled.outcome.state).toBe('pending');
    await system.advance(1);
    expect(scaled.outcome.state).toBe('resolved');
    expect(system.alive.map(({ workerId }) => workerId)).toEqual([1, 2, 3]);
    expect(eventsOf('scale')).toEqual([{ from: 1, to: 3 }]);
  });

  it('down drains the highest numbers, and resolves when they have been told', async () => {
    const { supervisor, system } = await startSimulatedCluster(3);
    await supervisor.scale(1);
    expect(supervisor.status()).toMatchObject({ desired: 1, ready: 1, draining: 2 });
    expect(system.newest(3).received).toEqual([
      { type: 'drain', reason: 'scale-down', keepAccepting: false },
    ]);
    await system.advance(1_000);
    expect(system.alive.map(({ workerId }) => workerId)).toEqual([1]);
    // Nobody has replaced them.
    expect(supervisor.status().restarts).toEqual({});
    await system.advance(60_000);
    expect(system.processes).toHaveLength(3);
  });

  it('down takes the restart that a crashed worker waits for along', async () => {
    const { supervisor, system } = await startSimulatedCluster(2);
    system.behave({ boot: 'crashes' });
    system.newest(2).exit({ code: 1 });
    await system.advance(1_000);
    await supervisor.scale(1);
    const launched = system.processes.length;
    await system.advance(60_000);
    expect(system.processes).toHaveLength(launched);
  });

  it('down ends a replacement that is on its way', async () => {
    const { supervisor, system } = await startSimulatedCluster(2);
    system.newest(2).terminate();
    await system.advance(150);
    await supervisor.scale(1);
    await system.advance(2_000);
    expect(system.alive.map(({ workerId }) => workerId)).toEqual([1]);
  });

  it('up that fails rejects with the worker’s error, and keeps what became ready', async () => {
    const { supervisor, system, eventsOf, ended } = await startSimulatedCluster(1);
    system.behave((workerId) => (workerId === 2 ? { boot: 'bootFails' } : {}));
    const scaled = watch(supervisor.scale(3));
    await system.advance(60_000);
    expect(scaled.outcome).toMatchObject({
      state: 'rejected',
      error: { code: 'BOOT_FAILED', message: expect.stringContaining('main threw') as unknown },
    });
    expect(eventsOf('scale')).toEqual([{ from: 1, to: 2 }]);
    expect(supervisor.status()).toMatchObject({ desired: 2, ready: 2 });
    expect(system.processes).toHaveLength(3);
    expect(ended.outcome.state).toBe('pending');
  });

  it('after a failed one fills the number that was left out', async () => {
    const { supervisor, system } = await startSimulatedCluster(1);
    system.behave((workerId) => (workerId === 2 ? { boot: 'bootFails' } : {}));
    const failed = watch(supervisor.scale(3));
    await system.advance(1_000);
    expect(failed.outcome.state).toBe('rejected');
    system.behave({});
    const scaled = watch(supervisor.scale(3));
    await system.advance(1_000);
    expect(scaled.outcome.state).toBe('resolved');
    expect(system.alive.map(({ workerId }) => workerId).sort()).toEqual([1, 2, 3]);
    expect(supervisor.status()).toMatchObject({ desired: 3, ready: 3 });
  });

  it('waits for a reload to end', async () => {
    const { supervisor, system } = await startSimulatedCluster(2);
    const reload = watch(supervisor.reload());
    const scaled = watch(supervisor.scale(1));
    await system.advance(1_000);
    expect(supervisor.status().desired).toBe(2);
    await system.advance(10_000);
    expect([reload.outcome.state, scaled.outcome.state]).toEqual(['resolved', 'resolved']);
    expect(system.alive.map(({ workerId, generation }) => [workerId, generation])).toEqual([
      [1, 2],
    ]);
  });

  it.each([0, -1, 2.5, Number.NaN, 1_025])('refuses %d workers', async (workers) => {
    const { supervisor } = await startSimulatedCluster(1);
    await expect(supervisor.scale(workers)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `cluster.scale(workers): got ${workers}; expected a whole number, 1…1024`,
    });
    expect(supervisor.status().desired).toBe(1);
  });
});
