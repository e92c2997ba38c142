// How the supervisor replaces workers that stall, leave by themselves or have outgrown a limit.
import { describe, expect, it } from 'vitest';
import { createSimulatedCluster, startSimulatedCluster } from '../../test/simulated-cluster.js';
import type { SimulatedCluster } from '../../test/simulated-cluster.js';

const pids = ({ system }: SimulatedCluster): number[] => system.alive.map(({ pid }) => pid);

describe('a stalled worker', () => {
  it('is reported with its stack by its watchdog, and replaced before it is told to leave', async () => {
    const { system, eventsOf, lines, supervisor } = await startSimulatedCluster(1);
    const stalled = system.newest(1);
    stalled.block();
    stalled.reportStall(4_000);
    expect(eventsOf('workerStalled')).toEqual([
      {
        workerId: 1,
        pid: 100,
        blockedMs: 4_000,
        frames: [{ functionName: 'slow', file: '/app/slow.js', line: 3, column: 1 }],
      },
    ]);
    expect(lines.at(-1)?.message).toBe(
      'worker 1 does not respond: its event loop has been blocked for 4000 ms, at slow (/app/slow.js:3:1)',
    );
    expect(supervisor.status().workers[0]?.state).toBe('stalled');
    await system.advance(199);
    expect(stalled.received).toEqual([]);
    await system.advance(1);
    expect(system.newest(1).readyMs).toBe(system.nowMs());
    expect(stalled.received).toEqual([{ type: 'drain', reason: 'stalled', keepAccepting: false }]);
    await system.advance(9_500);
    expect(stalled.signals).toEqual(['SIGKILL']);
    expect(supervisor.status()).toMatchObject({ ready: 1, restarts: { stalled: 1 } });
    expect(system.processes).toHaveLength(2);
  });

  it('is noticed by its silence when its watchdog says nothing', async () => {
    const { system, eventsOf } = await startSimulatedCluster(1);
    await system.advance(2_000);
    system.newest(1).block();
    // One and a half stallMs and one heartbeat after the last, which came at 100 ms past a full second.
    await system.advance(6_500);
    expect(eventsOf('workerStalled')).toEqual([]);
    await system.advance(1_000);
    expect(eventsOf('workerStalled')).toMatchObject([{ workerId: 1, frames: [] }]);
    expect(system.processes).toHaveLength(2);
  });

  it('reports a stack that comes later', async () => {
    const { system, eventsOf, lines } = await startSimulatedCluster(1);
    system.newest(1).block();
    system.newest(1).reportStall(4_000, '');
    system.newest(1).reportStall(4_500, 'node:fs');
    expect(eventsOf('workerStalled')).toHaveLength(1);
    expect(lines.at(-1)?.message).toBe('worker 1 was blocked at slow (node:fs:3:1)');
  });

  it('that recovers is replaced all the same', async () => {
    const { system, lines, supervisor } = await startSimulatedCluster(1);
    const stalled = system.newest(1);
    stalled.block();
    stalled.reportStall(4_000);
    stalled.unblock();
    stalled.say({ type: 'hello' });
    expect(lines.at(-1)).toMatchObject({ level: 'warn', message: 'worker 1 responds again' });
    expect(supervisor.status().ready).toBe(1);
    await system.advance(500);
    expect(stalled.isAlive).toBe(false);
    expect(supervisor.status()).toMatchObject({ ready: 1, restarts: { stalled: 1 } });
  });

  it('is kept when its replacement fails, until it is beyond hope', async () => {
    const { system, lines, supervisor } = await startSimulatedCluster(1);
    const stalled = system.newest(1);
    stalled.block();
    stalled.reportStall(4_000);
    system.behave({ boot: 'bootFails' });
    // The replacement has been launched already, with the old behaviour.
    system.newest(1).exit({ code: 1 });
    await system.advance(0);
    expect(lines.at(-1)?.message).toBe(
      'worker 1 was to be replaced (stalled), but its replacement failed (boot-failed)',
    );
    await system.advance(7_000);
    expect(stalled.isAlive).toBe(true);
    expect(system.processes).toHaveLength(2);
    system.behave({});
    await system.advance(4_000);
    expect(stalled.isAlive).toBe(false);
    expect(supervisor.status()).toMatchObject({
      ready: 1,
      restarts: { stalled: 1, 'boot-failed': 1 },
    });
  });

  it('is left alone while a debugger is attached, and when the detection is off', async () => {
    const debugged = await startSimulatedCluster(1);
    debugged.system.newest(1).setFigures({ debugged: true });
    await debugged.system.advance(1_000);
    const undetected = await startSimulatedCluster(1, { stallMs: 0 });
    for (const { system, eventsOf } of [debugged, undetected]) {
      system.newest(1).block();
      await system.advance(60_000);
      expect(eventsOf('workerStalled')).toEqual([]);
      expect(system.processes).toHaveLength(1);
    }
  });

  it('is nobody’s fault when the primary itself was stopped', async () => {
    const { system, eventsOf } = await startSimulatedCluster(2);
    for (const process of system.alive) process.block();
    system.freeze(30_000);
    await system.advance(1_000);
    for (const process of system.alive) process.unblock();
    await system.advance(10_000);
    expect(eventsOf('workerStalled')).toEqual([]);
    expect(system.processes).toHaveLength(2);
  });

  it('is not out of time after a stop of the whole cluster in its boot', async () => {
    const { supervisor, system } = createSimulatedCluster({ bootTimeoutMs: 5_000 });
    system.behave({ boot: 'hangs' });
    void supervisor.start(1);
    await system.advance(1_000);
    system.freeze(30_000);
    await system.advance(3_000);
    system.newest(1).say({ type: 'ready' });
    expect(supervisor.status()).toMatchObject({ ready: 1 });
    expect(system.newest(1).signals).toEqual([]);
  });
});

describe('a worker that somebody sends a SIGTERM', () => {
  it('is replaced first, and told to leave then', async () => {
    const { system, eventsOf, supervisor, lines } = await startSimulatedCluster(2);
    const terminated = system.newest(2);
    terminated.terminate();
    expect(lines.at(-1)?.message).toBe('worker 2 received SIGTERM itself; it is replaced');
    await system.advance(199);
    expect(terminated.received).toEqual([]);
    await system.advance(500);
    expect(eventsOf('workerExit')).toMatchObject([{ workerId: 2, reason: 'terminated', code: 0 }]);
    expect(supervisor.status()).toMatchObject({ ready: 2, restarts: { terminated: 1 } });
  });

  it('a second time, is replaced but once', async () => {
    const { system } = await startSimulatedCluster(1);
    const terminated = system.newest(1);
    terminated.terminate();
    terminated.terminate();
    await system.advance(2_000);
    expect(system.processes).toHaveLength(2);
  });
});

describe('a worker that closes its channel', () => {
  it('is replaced at once, although it still drains', async () => {
    const { supervisor, system, eventsOf, lines } = await startSimulatedCluster(2);
    system.newest(1).disconnect();
    await system.advance(0);
    expect(supervisor.status()).toMatchObject({ ready: 1, draining: 1 });
    expect(system.processes).toHaveLength(3);
    expect(lines.map(({ message }) => message)).toContain(
      'worker 1 has closed its channel to the primary; it drains and is replaced',
    );
    await system.advance(500);
    expect(eventsOf('workerExit')).toMatchObject([{ workerId: 1, reason: 'exited', code: 0 }]);
    expect(supervisor.status()).toMatchObject({ ready: 2, restarts: { exited: 1 } });
    expect(system.processes).toHaveLength(3);
  });
});

describe('recycling', () => {
  it('forgets those that a reload has replaced meanwhile', async () => {
    const { system, supervisor } = await startSimulatedCluster(2, { maxRssBytes: 1_000_000 });
    system.behave({ bootMs: 4_000 });
    void supervisor.reload();
    for (const process of system.alive) process.setFigures({ rssBytes: 1_000_001 });
    await system.advance(60_000);
    expect(supervisor.status()).toMatchObject({ ready: 2, restarts: { reload: 2 } });
    expect(system.processes).toHaveLength(4);
  });

  it('replaces workers one at a time, each replacement first', async () => {
    const cluster = await startSimulatedCluster(3, { maxRssBytes: 1_000_000 });
    const { system, eventsOf, supervisor } = cluster;
    for (const process of system.alive) process.setFigures({ rssBytes: 1_000_001 });
    let mostAlive = 0;
    system.onStep(() => {
      mostAlive = Math.max(mostAlive, system.alive.filter(({ isLeaving }) => !isLeaving).length);
      expect(supervisor.status().ready).toBeGreaterThanOrEqual(3);
    });
    await system.advance(5_000);
    expect(mostAlive).toBe(4);
    expect(eventsOf('workerExit').map(({ reason }) => reason)).toEqual([
      'recycled-memory',
      'recycled-memory',
      'recycled-memory',
    ]);
    expect(pids(cluster)).toEqual([103, 104, 105]);
    await system.advance(60_000);
    expect(system.processes).toHaveLength(6);
  });

  it.each([
    ['recycled-requests', { maxRequests: 100 }, { requests: 105 }],
    ['recycled-memory', { maxRssBytes: 100 }, { rssBytes: 101 }],
  ] as const)('happens for %s', async (reason, options, figures) => {
    const { system, eventsOf } = await startSimulatedCluster(1, options);
    system.newest(1).setFigures({ rssBytes: 50 });
    await system.advance(1_000);
    // With a random 0.5, a limit of 100 requests becomes one of 105.
    const earlier = system.processes.length;
    system.newest(1).setFigures(figures);
    system.behave({});
    await system.advance(2_000);
    expect(system.processes.length).toBeGreaterThan(earlier);
    expect(eventsOf('workerExit').at(-1)?.reason).toBe(reason);
  });

  it('happens by age', async () => {
    const { system, eventsOf } = await startSimulatedCluster(1, { maxAgeMs: 10_000 });
    await system.advance(9_900);
    expect(system.processes).toHaveLength(1);
    await system.advance(1_200);
    expect(eventsOf('workerExit')).toMatchObject([{ reason: 'recycled-age' }]);
  });

  it('that fails leaves the old worker, and is tried again only after the longest delay', async () => {
    const { system, supervisor, ended } = await startSimulatedCluster(1, { maxAgeMs: 5_000 });
    system.behave({ boot: 'bootFails' });
    await system.advance(20_000);
    const old = system.processes[0];
    expect(old?.isAlive).toBe(true);
    expect(supervisor.status().ready).toBe(1);
    expect(ended.outcome.state).toBe('pending');
    // From 5,250 ms on, every 3,000 ms and a bit.
    expect(system.processes.length).toBeGreaterThan(3);
    expect(system.processes.length).toBeLessThan(7);
    system.behave({});
    await system.advance(4_000);
    expect(old?.isAlive).toBe(false);
  });

  it('does not replace one worker after another where the limit is below what they need', async () => {
    const { system, lines } = await startSimulatedCluster(1, { maxRssBytes: 100 });
    system.newest(1).setFigures({ rssBytes: 101 });
    system.onStep(() => {
      for (const process of system.alive) process.setFigures({ rssBytes: 101 });
    });
    await system.advance(10_000);
    // Every 3,000 ms, the longest delay, and a bit.
    expect(system.processes.length).toBeGreaterThan(3);
    expect(system.processes.length).toBeLessThan(6);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: expect.stringContaining('maxRssBytes') as string,
      }),
    );
  });

  it('waits for a reload to end', async () => {
    const { system, supervisor, eventsOf } = await startSimulatedCluster(2, { maxAgeMs: 5_000 });
    system.behave({ bootMs: 4_000 });
    await system.advance(3_000);
    const reloaded = supervisor.reload();
    await system.advance(9_500);
    expect(await reloaded).toMatchObject({ replaced: 2, failed: 0 });
    expect(eventsOf('workerExit').map(({ reason }) => reason)).toEqual(['reload', 'reload']);
  });
});
