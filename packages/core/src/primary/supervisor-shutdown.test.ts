// How a supervised cluster ends.
import { describe, expect, it } from 'vitest';
import {
  createSimulatedCluster,
  startSimulatedCluster,
  watch,
} from '../../test/simulated-cluster.js';

const CLEAN_END = { state: 'resolved', value: { kind: 'shutdown', isClean: true } };
const UNCLEAN_END = { state: 'resolved', value: { kind: 'shutdown', isClean: false } };

describe('a shutdown', () => {
  it('tells every worker to drain and go on accepting, and ends when all have left', async () => {
    const cluster = await startSimulatedCluster(2);
    const { supervisor, system, ended, eventsOf } = cluster;
    supervisor.shutdown('SIGTERM');
    supervisor.shutdown('SIGTERM again');
    expect(supervisor.isStopping).toBe(true);
    expect(eventsOf('shutdown')).toEqual([{ reason: 'SIGTERM' }]);
    expect(cluster.releases).toBe(1);
    expect(supervisor.status()).toMatchObject({ desired: 0, ready: 0, draining: 2 });
    for (const { received } of system.alive) {
      expect(received).toEqual([{ type: 'drain', reason: 'shutdown', keepAccepting: true }]);
    }
    await system.advance(99);
    expect(ended.outcome.state).toBe('pending');
    await system.advance(1);
    expect(ended.outcome).toEqual(CLEAN_END);
    expect(eventsOf('workerExit').map(({ reason }) => reason)).toEqual(['shutdown', 'shutdown']);
    expect(supervisor.status().restarts).toEqual({});
    await system.advance(60_000);
    expect(system.processes).toHaveLength(2);
  });

  it('before the start starts nothing', async () => {
    const { supervisor, system, ended } = createSimulatedCluster();
    supervisor.shutdown('SIGTERM');
    void supervisor.start(2);
    await system.advance(60_000);
    expect(system.processes).toEqual([]);
    expect(ended.outcome).toEqual(CLEAN_END);
  });

  it('ends workers that boot: by SIGTERM until they listen to messages', async () => {
    const { supervisor, system, ended } = createSimulatedCluster();
    system.behave((workerId) => ({ bootMs: workerId === 1 ? 100 : 1_000, drainMs: 10 }));
    void supervisor.start(2);
    await system.advance(60);
    supervisor.shutdown('SIGTERM');
    expect(system.newest(1)).toMatchObject({ signals: [], received: [{ type: 'drain' }] });
    expect(system.newest(2)).toMatchObject({ signals: ['SIGTERM'], received: [] });
    await system.advance(50);
    expect(ended.outcome).toEqual(CLEAN_END);
  });

  it('tells one that has survived the SIGTERM of its boot to drain once it listens', async () => {
    const { supervisor, system } = createSimulatedCluster();
    void supervisor.start(1);
    await system.advance(50);
    supervisor.shutdown('SIGTERM');
    const { signals, received, say } = system.newest(1);
    expect(signals).toEqual(['SIGTERM']);
    say({ type: 'hello' });
    expect(received).toEqual([{ type: 'drain', reason: 'shutdown', keepAccepting: true }]);
  });

  it('ends a crash loop', async () => {
    const { supervisor, system, ended } = await startSimulatedCluster(1);
    system.behave({ boot: 'crashes' });
    system.newest(1).exit({ code: 1 });
    await system.advance(1_500);
    expect(system.alive).toEqual([]);
    supervisor.shutdown('SIGTERM');
    await system.advance(0);
    expect(ended.outcome).toEqual(CLEAN_END);
    const launched = system.processes.length;
    await system.advance(60_000);
    expect(system.processes).toHaveLength(launched);
  });

  it('ends a reload, which rejects', async () => {
    const { supervisor, system, ended } = await startSimulatedCluster(2);
    const reload = watch(supervisor.reload());
    await system.advance(50);
    const next = watch(supervisor.reload());
    await system.advance(100);
    supervisor.shutdown('SIGTERM');
    await system.advance(1_000);
    expect(reload.outcome).toMatchObject({
      error: { code: 'RELOAD_ABORTED', details: { replaced: 0, reason: 'shutdown' } },
    });
    expect(next.outcome).toMatchObject({ error: { code: 'SHUTTING_DOWN' } });
    expect(ended.outcome).toEqual(CLEAN_END);
    expect(system.processes).toHaveLength(3);
  });

  it('ends a canary’s probation', async () => {
    const { supervisor, system, ended } = await startSimulatedCluster(1);
    const reload = watch(supervisor.reload());
    await system.advance(500);
    supervisor.shutdown('SIGTERM');
    await system.advance(2_000);
    expect(reload.outcome).toMatchObject({ error: { details: { reason: 'shutdown' } } });
    expect(ended.outcome).toEqual(CLEAN_END);
    expect(system.newest(1).received).toHaveLength(1);
  });

  it('ends a scaling, which rejects', async () => {
    const { supervisor, system, ended } = await startSimulatedCluster(1);
    const scaled = watch(supervisor.scale(3));
    await system.advance(150);
    supervisor.shutdown('SIGTERM');
    await system.advance(1_000);
    expect(scaled.outcome).toMatchObject({ error: { code: 'SHUTTING_DOWN' } });
    expect(ended.outcome).toEqual(CLEAN_END);
  });

  it('refuses what is asked of the cluster afterwards', async () => {
    const { supervisor } = await startSimulatedCluster(1);
    supervisor.shutdown('SIGTERM');
    await expect(supervisor.reload()).rejects.toMatchObject({
      code: 'SHUTTING_DOWN',
      message: 'cluster.reload(): the cluster is shutting down',
    });
    await expect(supervisor.scale(2)).rejects.toMatchObject({
      code: 'SHUTTING_DOWN',
      message: 'cluster.scale(): the cluster is shutting down',
    });
  });

  it('replaces neither a worker that crashes in its drain nor one that gets a SIGTERM itself', async () => {
    const { supervisor, system, ended, lines } = await startSimulatedCluster(2);
    supervisor.shutdown('SIGTERM');
    system.newest(1).exit({ code: 1 });
    system.newest(2).terminate();
    expect(lines.filter(({ message }) => message.includes('it is replaced'))).toEqual([]);
    await system.advance(60_000);
    expect(system.processes).toHaveLength(2);
    expect(ended.outcome).toEqual(UNCLEAN_END);
  });

  it.each([{ code: 1 }, { signal: 'SIGABRT' }, { signal: 'SIGKILL' }])(
    'is not clean when a worker ends in the middle of its drain: %j',
    async (exit) => {
      const { supervisor, system, ended, lines } = await startSimulatedCluster(2);
      supervisor.shutdown('SIGTERM');
      await system.advance(50);
      system.newest(1).exit(exit);
      await system.advance(1_000);
      expect(ended.outcome).toEqual(UNCLEAN_END);
      expect(lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
        'worker 1 has ended in the middle of its drain (shutdown): what it had in hand is lost',
      ]);
    },
  );

  it('is clean when a worker ends by itself, with 0, or has never been ready', async () => {
    const { supervisor, system, ended } = createSimulatedCluster();
    system.behave((workerId) => (workerId === 2 ? { boot: 'hangs' } : {}));
    void supervisor.start(2);
    await system.advance(500);
    supervisor.shutdown('SIGTERM');
    system.newest(1).exit({ code: 0 });
    system.newest(2).exit({ code: 1 });
    await system.advance(1_000);
    expect(ended.outcome).toEqual(CLEAN_END);
  });

  it('is not clean when a worker had to cut connections', async () => {
    const { supervisor, system, ended, lines } = createSimulatedCluster();
    system.behave({ cutConnections: 3 });
    void supervisor.start(1);
    await system.advance(500);
    supervisor.shutdown('SIGTERM');
    await system.advance(1_000);
    expect(ended.outcome).toEqual(UNCLEAN_END);
    expect(lines).toContainEqual({
      level: 'warn',
      details: { workerId: 1, generation: 1, workerPid: 100, cutConnections: 3 },
      message: 'worker 1 had to cut 3 connection(s) at the end of its drain',
    });
  });

  it('is clean although an earlier reload had to cut connections', async () => {
    const { supervisor, system, ended } = createSimulatedCluster();
    system.behave({ cutConnections: 3 });
    void supervisor.start(1);
    await system.advance(500);
    system.behave({});
    void supervisor.reload();
    await system.advance(5_000);
    expect(system.alive).toHaveLength(1);
    supervisor.shutdown('SIGTERM');
    await system.advance(1_000);
    expect(ended.outcome).toEqual(CLEAN_END);
  });

  it('kills a worker whose drain does not end, and is not clean then', async () => {
    const { supervisor, system, ended } = createSimulatedCluster({ drainTimeoutMs: 5_000 });
    system.behave((workerId) => (workerId === 2 ? { drainMs: Infinity } : {}));
    void supervisor.start(2);
    await system.advance(500);
    supervisor.shutdown('SIGTERM');
    // The worker's own deadline, and a margin.
    await system.advance(6_900);
    expect(system.newest(2).signals).toEqual([]);
    expect(ended.outcome.state).toBe('pending');
    await system.advance(1_000);
    expect(system.newest(2).signals).toEqual(['SIGKILL']);
    expect(ended.outcome).toEqual(UNCLEAN_END);
  });
});

describe('a shutdown that is hurried', () => {
  it('tells the workers so', async () => {
    const { supervisor, system, ended } = createSimulatedCluster();
    system.behave({ drainMs: 4_000 });
    void supervisor.start(2);
    await system.advance(500);
    supervisor.shutdown('SIGTERM');
    await system.advance(100);
    supervisor.hurry();
    expect(system.newest(1).received.at(-1)).toEqual({ type: 'hurry' });
    await system.advance(0);
    expect(ended.outcome).toEqual(CLEAN_END);
  });

  it('kills those that do not hurry', async () => {
    const { supervisor, system, ended } = createSimulatedCluster();
    system.behave({ drainMs: Infinity });
    void supervisor.start(2);
    await system.advance(500);
    supervisor.shutdown('SIGTERM');
    supervisor.hurry();
    await system.advance(999);
    expect(system.alive).toHaveLength(2);
    await system.advance(10);
    expect(system.alive).toEqual([]);
    expect(ended.outcome).toEqual(UNCLEAN_END);
  });
});
