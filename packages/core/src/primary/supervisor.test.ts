import { describe, expect, it } from 'vitest';
import {
  createSimulatedCluster,
  startSimulatedCluster,
  watch,
} from '../../test/simulated-cluster.js';
import type { SimulatedCluster } from '../../test/simulated-cluster.js';

/** When each process of a worker was launched, as distances between one another. */
function launchGapsMs({ system }: SimulatedCluster, workerId: number): number[] {
  const times = system.processes
    .filter((process) => process.workerId === workerId)
    .map(({ launchedMs }) => launchedMs);
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
}

describe('the first generation', () => {
  it('is started all at once, and ready when all of it is', async () => {
    const { supervisor, system, eventsOf } = createSimulatedCluster();
    system.behave((workerId) => ({ bootMs: workerId * 100 }));
    const started = watch(supervisor.start(3));
    await system.advance(0);
    expect(system.processes.map(({ workerId }) => workerId)).toEqual([1, 2, 3]);
    await system.advance(299);
    expect(started.outcome.state).toBe('pending');
    expect(supervisor.status()).toMatchObject({ desired: 3, ready: 2, draining: 0, generation: 1 });
    await system.advance(1);
    expect(started.outcome.state).toBe('resolved');
    expect(eventsOf('workerReady')).toEqual([
      { workerId: 1, pid: 100, generation: 1, bootMs: 100 },
      { workerId: 2, pid: 101, generation: 1, bootMs: 200 },
      { workerId: 3, pid: 102, generation: 1, bootMs: 300 },
    ]);
  });

  it('that fails ends the cluster with the worker’s own error, and is not started again', async () => {
    const { supervisor, system, ended, lines } = createSimulatedCluster();
    system.behave((workerId) => (workerId === 1 ? { boot: 'bootFails' } : { bootMs: 5_000 }));
    const started = watch(supervisor.start(3));
    await system.advance(60_000);
    expect(system.processes).toHaveLength(3);
    expect(system.alive).toHaveLength(0);
    expect(started.outcome.state).toBe('pending');
    expect(ended.outcome).toMatchObject({
      state: 'resolved',
      value: {
        kind: 'failed',
        error: {
          code: 'BOOT_FAILED',
          message: 'the first worker did not become ready (boot-failed): main threw',
        },
      },
    });
    expect(lines.filter(({ level }) => level === 'fatal')).toHaveLength(1);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('that cannot listen says where', async () => {
    const { supervisor, system, ended } = createSimulatedCluster();
    system.behave({ boot: 'hangs' });
    void supervisor.start(1);
    await system.advance(150);
    const error = { name: 'Error', message: 'listen EADDRINUSE', code: 'EADDRINUSE' };
    system.newest(1).say({ type: 'bootFailed', error, address: '127.0.0.1:3000' });
    system.newest(1).exit({ code: 1 });
    await system.advance(0);
    expect(ended.outcome).toMatchObject({
      value: {
        error: {
          code: 'LISTEN_FAILED',
          message: expect.stringContaining('cannot listen on 127.0.0.1:3000: another') as unknown,
        },
      },
    });
  });

  it('that is not ready in time is killed, and the failing checks are named', async () => {
    const { supervisor, system, ended } = createSimulatedCluster({ bootTimeoutMs: 3_000 });
    system.behave({ boot: 'hangs' });
    void supervisor.start(1);
    await system.advance(1_000);
    system.newest(1).say({ type: 'waitingForChecks', checks: ['db', 'cache'] });
    await system.advance(1_900);
    expect(system.newest(1).signals).toEqual([]);
    await system.advance(1_000);
    expect(system.newest(1).signals).toEqual(['SIGKILL']);
    expect(ended.outcome).toMatchObject({
      value: {
        error: {
          message:
            'the first worker did not become ready (boot-timeout): the worker was not ready within bootTimeoutMs (3000 ms); failing checks: db, cache',
        },
      },
    });
  });

  it('that cannot even be launched fails with that error', async () => {
    const { supervisor, system, ended } = createSimulatedCluster();
    system.refuseLaunches(new Error('spawn ENOMEM'));
    void supervisor.start(1);
    await system.advance(0);
    expect(ended.outcome).toMatchObject({
      value: { error: { message: expect.stringContaining('spawn ENOMEM') as unknown } },
    });
  });

  it('is over when one worker has been ready: what fails then is started again', async () => {
    const { supervisor, system, ended } = createSimulatedCluster();
    let boots = 0;
    system.behave((workerId) => {
      if (workerId === 1) return { bootMs: 50 };
      boots += 1;
      return boots === 1 ? { boot: 'crashes' } : {};
    });
    const started = watch(supervisor.start(2));
    await system.advance(1_000);
    expect(started.outcome.state).toBe('resolved');
    expect(ended.outcome.state).toBe('pending');
    expect(supervisor.status()).toMatchObject({ ready: 2, restarts: { 'boot-failed': 1 } });
  });

  it('is ready, too, when a worker that is slow to start is scaled away', async () => {
    const { supervisor, system, ended } = createSimulatedCluster();
    system.behave((workerId) => (workerId === 1 ? {} : { boot: 'hangs' }));
    const started = watch(supervisor.start(2));
    await system.advance(300);
    expect(started.outcome.state).toBe('pending');
    await supervisor.scale(1);
    await system.advance(300);
    expect(started.outcome.state).toBe('resolved');
    expect(ended.outcome.state).toBe('pending');
  });

  it('has not failed when a worker is scaled away before any is ready', async () => {
    const { supervisor, system, ended } = createSimulatedCluster();
    system.behave({ bootMs: 1_000 });
    const started = watch(supervisor.start(2));
    await system.advance(600);
    await supervisor.scale(1);
    await system.advance(1_000);
    expect(ended.outcome.state).toBe('pending');
    expect(started.outcome.state).toBe('resolved');
    expect(supervisor.status()).toMatchObject({ desired: 1, ready: 1 });
  });
});

describe('a worker that says process.send("ready")', () => {
  it('is told that it is ready', async () => {
    const { supervisor, system } = createSimulatedCluster();
    system.behave({ boot: 'hangs' });
    void supervisor.start(1);
    await system.advance(500);
    system.newest(1).saySimplyReady();
    expect(system.newest(1).received).toEqual([{ type: 'markReady' }]);
  });
});

describe('a worker that crashes', () => {
  it('is started again at once, and counted by the reason of its end', async () => {
    const { supervisor, system, eventsOf, lines } = await startSimulatedCluster(2);
    system.newest(2).exit({ signal: 'SIGSEGV' });
    await system.advance(0);
    expect(system.newest(2).launchedMs).toBe(system.nowMs());
    expect(eventsOf('workerExit')).toEqual([
      {
        workerId: 2,
        pid: 101,
        generation: 1,
        reason: 'crashed',
        code: null,
        signal: 'SIGSEGV',
        uptimeMs: 500,
      },
    ]);
    await system.advance(500);
    expect(supervisor.status()).toMatchObject({ ready: 2, restarts: { crashed: 1 } });
    expect(lines.map(({ message }) => message)).toContain('worker 2 is gone (crashed)');
  });

  it.each([
    [{ signal: 'SIGKILL' }, 'killed'],
    [{ code: 3 }, 'crashed'],
    [{ code: 0 }, 'exited'],
  ])('with %j is reported as %s', async (exit, reason) => {
    const { system, eventsOf } = await startSimulatedCluster(1);
    system.newest(1).exit(exit);
    await system.advance(0);
    expect(eventsOf('workerExit')[0]?.reason).toBe(reason);
  });

  it('is called out of memory when the kernel says so', async () => {
    const { system, eventsOf } = await startSimulatedCluster(1);
    system.addOomKill();
    system.newest(1).exit({ signal: 'SIGKILL' });
    await system.advance(500);
    expect(eventsOf('workerExit')[0]?.reason).toBe('oom-killed');
    // Each of the kernel's kills explains one exit.
    system.newest(1).exit({ signal: 'SIGKILL' });
    await system.advance(0);
    expect(eventsOf('workerExit')[1]?.reason).toBe('killed');
  });

  it('is not called out of memory because another process was killed for that a while ago', async () => {
    const { system, eventsOf } = await startSimulatedCluster(1);
    system.addOomKill();
    await system.advance(10_000);
    system.newest(1).exit({ signal: 'SIGKILL' });
    await system.advance(0);
    expect(eventsOf('workerExit')[0]?.reason).toBe('killed');
  });

  it('with an uncaught error is replaced while it drains, and its error told once', async () => {
    const { system, eventsOf, lines } = await startSimulatedCluster(1);
    system.behave({ drainMs: 3_000 });
    system.newest(1).exit({ code: 1 });
    await system.advance(500);
    const failing = system.newest(1);
    failing.fail('boom');
    await system.advance(400);
    expect(system.newest(1)).not.toBe(failing);
    expect(failing.isAlive).toBe(true);
    await system.advance(3_000);
    expect(eventsOf('workerExit').at(-1)).toMatchObject({
      reason: 'crashed',
      error: { name: 'Error', message: 'boom' },
    });
    expect(lines.filter(({ details }) => 'err' in details)).toHaveLength(1);
    expect(system.processes).toHaveLength(3);
  });

  it('is started again ever later while it goes on crashing, and anew after a stable time', async () => {
    const cluster = await startSimulatedCluster(1, { restart: { intensity: 100 } });
    const { system } = cluster;
    system.newest(1).exit({ code: 1 });
    // Each crashes after 200 ms; delays are three quarters of 100, 200, 400 … 3,000 ms (random is 0.5).
    system.behave({ boot: 'crashes', bootMs: 200 });
    await system.advance(14_000);
    const gapsMs = launchGapsMs(cluster, 1);
    expect(gapsMs.slice(0, 8)).toEqual([500, 275, 350, 500, 800, 1_400, 2_450, 2_450]);
    system.behave({});
    await system.advance(6_000);
    const stable = system.newest(1);
    expect(stable.readyMs).toBeDefined();
    stable.exit({ code: 1 });
    await system.advance(0);
    expect(system.newest(1).launchedMs).toBe(system.nowMs());
  });
});

describe('a crash loop', () => {
  const restart = { intensity: 3, periodMs: 60_000 } as const;

  it('ends the cluster, with the others drained, when so asked', async () => {
    const options = { restart: { ...restart, onExhausted: 'exit' } } as const;
    const { system, ended, lines } = await startSimulatedCluster(2, options);
    const other = system.newest(1);
    system.behave({ boot: 'crashes' });
    system.newest(2).exit({ code: 1 });
    await system.advance(60_000);
    // The first, and three restarts.
    expect(system.processes.filter(({ workerId }) => workerId === 2)).toHaveLength(4);
    expect(other.received).toContainEqual({
      type: 'drain',
      reason: 'shutdown',
      keepAccepting: true,
    });
    expect(system.alive).toEqual([]);
    expect(ended.outcome).toMatchObject({
      value: {
        kind: 'failed',
        error: {
          code: 'RESTART_INTENSITY_EXCEEDED',
          message:
            "the workers crash in a loop: more than 3 restarts within 60000 ms; giving up, as restart.onExhausted is 'exit'",
        },
      },
    });
    const isCrashLoop = ({ message }: { message: string }): boolean =>
      message.includes('in a loop');
    expect(lines.filter(isCrashLoop).map(({ level }) => level)).toEqual(['error']);
  });

  it('goes on with the longest delay when so asked', async () => {
    const options = { restart: { ...restart, onExhausted: 'keep-trying' } } as const;
    const cluster = await startSimulatedCluster(1, options);
    const { system, ended, supervisor } = cluster;
    system.behave({ boot: 'crashes', bootMs: 200 });
    system.newest(1).exit({ code: 1 });
    await system.advance(10_000);
    expect(launchGapsMs(cluster, 1)).toEqual([500, 275, 350, 2_450, 2_450, 2_450]);
    expect(ended.outcome.state).toBe('pending');
    system.behave({});
    await system.advance(5_000);
    expect(supervisor.status()).toMatchObject({ ready: 1, restarts: { crashed: 1 } });
  });

  it('allows five restarts a worker, and at least ten, unless told otherwise', async () => {
    for (const [workers, allowed] of [
      [1, 10],
      [3, 15],
    ] as const) {
      const options = { restart: { onExhausted: 'exit' } } as const;
      const { system, ended } = await startSimulatedCluster(workers, options);
      system.behave({ boot: 'crashes' });
      system.newest(1).exit({ code: 1 });
      await system.advance(60_000);
      expect(ended.outcome.state).toBe('resolved');
      expect(system.processes).toHaveLength(workers + allowed);
    }
  });

  it('is over once the crashes lie far enough apart', async () => {
    const options = { restart: { intensity: 2, periodMs: 10_000, onExhausted: 'exit' } } as const;
    const { system, ended } = await startSimulatedCluster(1, options);
    for (let crash = 0; crash < 5; crash++) {
      system.newest(1).exit({ code: 1 });
      await system.advance(5_000);
    }
    expect(ended.outcome.state).toBe('pending');
  });
});

describe('the status', () => {
  it('tells the figures of each worker’s last heartbeat, and requests of those that are gone', async () => {
    const { supervisor, system } = await startSimulatedCluster(2);
    system.newest(1).setFigures({ requests: 10, connections: 4, rssBytes: 7 });
    system.newest(2).setFigures({ requests: 5 });
    await system.advance(1_000);
    expect(supervisor.status()).toMatchObject({
      uptimeMs: 1_500,
      requests: 15,
      balance: { mode: 'round-robin', reason: 'simulated' },
    });
    expect(supervisor.status().workers[0]).toEqual({
      workerId: 1,
      pid: 100,
      generation: 1,
      state: 'ready',
      uptimeMs: 1_500,
      rssBytes: 7,
      heapUsedBytes: 1,
      cpuRatio: 0.1,
      eventLoopUtilizationRatio: 0.2,
      eventLoopDelayP99Ms: 2,
      connections: 4,
      messages: { waiting: 0, dropped: 0, malformed: 0 },
      requests: 10,
    });
    system.newest(1).say({ type: 'connections', connections: 40 });
    expect(supervisor.status().workers[0]?.connections).toBe(40);
    system.newest(1).exit({ code: 1 });
    await system.advance(1_000);
    expect(supervisor.status()).toMatchObject({ requests: 15, ready: 2 });
  });
});

describe('events and requests', () => {
  it('are sent to the workers whose apps listen for them', async () => {
    const { system } = await startSimulatedCluster(2);
    system.newest(1).say({ type: 'listenForEvents' });
    system.newest(2).exit({ code: 1 });
    await system.advance(0);
    expect(system.newest(1).received).toMatchObject([{ type: 'event', name: 'workerExit' }]);
    await system.advance(500);
    expect(system.newest(2).received).toEqual([]);
  });

  it('of workers are answered', async () => {
    const { system } = await startSimulatedCluster(1);
    system.newest(1).say({ type: 'request', seq: 7, call: { name: 'status' } });
    expect(system.newest(1).received).toEqual([
      { type: 'reply', seq: 7, outcome: { ok: true, value: 'status' } },
    ]);
  });
});
