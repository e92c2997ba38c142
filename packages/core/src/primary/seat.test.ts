import { describe, expect, it } from 'vitest';
import { DEAF_LISTENER, watch } from '../../test/simulated-cluster.js';
import { createSimulatedSystem } from '../../test/simulated-system.js';
import type { SimulatedSystem } from '../../test/simulated-system.js';
import { createSeat } from './seat.js';
import type { Seat } from './seat.js';
import { launchWorker } from './worker-handle.js';
import type { WorkerHandle } from './worker-handle.js';
import type { WorkerListener } from './worker-listener.js';

/** A seat, and what a supervisor does for it: launch, and tell it of readiness and exits. */
function setUp(): {
  readonly seat: Seat;
  readonly system: SimulatedSystem;
  /** Of each exit: whether it was the holder's. */
  readonly losses: boolean[];
} {
  const system = createSimulatedSystem({ heartbeatMs: 1_000 });
  const losses: boolean[] = [];
  const listener: WorkerListener = {
    ...DEAF_LISTENER,
    onReady: (worker) => seat.becameReady(worker),
    onExit: (worker, exit) => losses.push(seat.lost(worker, exit)),
  };
  const launch = (workerId: number): WorkerHandle =>
    launchWorker({ workerId, generation: 1 }, system, listener);
  const seat = createSeat(7, launch, system);
  return { seat, system, losses };
}

describe('a seat', () => {
  it('is empty at first, then filled when its time has come', async () => {
    const { seat, system } = setUp();
    expect([seat.holder, seat.isProvidedFor, seat.isReplacing]).toEqual([undefined, false, false]);
    seat.fill(100);
    expect([seat.holder, seat.isProvidedFor]).toEqual([undefined, true]);
    await system.advance(99);
    expect(system.processes).toHaveLength(0);
    await system.advance(1);
    expect(seat.holder).toMatchObject({ workerId: 7, pid: 100 });
    expect([seat.isProvidedFor, seat.isReplacing]).toEqual([true, false]);
  });

  it('is nobody’s when its holder is lost', async () => {
    const { seat, system, losses } = setUp();
    seat.fill(0);
    await system.advance(500);
    system.newest(7).exit({ code: 1 });
    expect(losses).toEqual([true]);
    expect([seat.holder, seat.isProvidedFor]).toEqual([undefined, false]);
  });
});

describe('a replacement', () => {
  it('takes over when it is ready, and the holder is told to drain then', async () => {
    const { seat, system, losses } = setUp();
    seat.fill(0);
    await system.advance(500);
    const old = system.newest(7);
    const outcome = watch(seat.replace('reload'));
    await system.advance(199);
    expect(seat.holder?.pid).toBe(old.pid);
    expect(seat.isReplacing).toBe(true);
    await system.advance(1);
    expect(outcome.outcome).toEqual({ state: 'resolved', value: { ok: true } });
    expect(seat.holder?.pid).toBe(system.newest(7).pid);
    expect(seat.isReplacing).toBe(false);
    expect(old.received).toEqual([{ type: 'drain', reason: 'reload', keepAccepting: false }]);
    await system.advance(500);
    expect(losses).toEqual([false]);
  });

  it('on probation takes over only after it', async () => {
    const { seat, system } = setUp();
    seat.fill(0);
    await system.advance(500);
    const old = system.newest(7);
    const outcome = watch(seat.replace('reload', 300));
    await system.advance(499);
    expect(seat.holder?.pid).toBe(old.pid);
    await system.advance(1);
    expect(outcome.outcome).toMatchObject({ value: { ok: true } });
    expect(seat.holder?.pid).not.toBe(old.pid);
  });

  it('that is lost on probation leaves the holder, and never takes over', async () => {
    const { seat, system, losses } = setUp();
    seat.fill(0);
    await system.advance(500);
    const old = system.newest(7);
    const outcome = watch(seat.replace('reload', 300));
    await system.advance(250);
    system.newest(7).exit({ code: 1 });
    await system.advance(1_000);
    expect(outcome.outcome).toEqual({
      state: 'resolved',
      value: { ok: false, reason: 'crashed' },
    });
    expect(seat.holder?.pid).toBe(old.pid);
    expect(old.received).toEqual([]);
    expect(losses).toEqual([false]);
  });

  it('that is lost on probation does not let its successor off', async () => {
    const { seat, system } = setUp();
    void seat.replace('reload', 1_000);
    await system.advance(250);
    system.newest(7).exit({ code: 1 });
    system.behave({ bootMs: 5_000 });
    void seat.replace('reload', 1_000);
    await system.advance(4_000);
    expect(seat.holder).toBeUndefined();
    await system.advance(2_000);
    expect(seat.holder?.pid).toBe(system.newest(7).pid);
  });

  it('that fails hands on its own error', async () => {
    const { seat, system } = setUp();
    system.behave({ boot: 'bootFails' });
    const outcome = watch(seat.replace('scale-down'));
    await system.advance(500);
    expect(outcome.outcome).toMatchObject({
      value: { ok: false, reason: 'boot-failed', error: { message: 'main threw' } },
    });
    expect(seat.isProvidedFor).toBe(false);
  });

  it('provides for a seat whose holder goes meanwhile', async () => {
    const { seat, system, losses } = setUp();
    seat.fill(0);
    await system.advance(500);
    const outcome = watch(seat.replace('reload'));
    await system.advance(50);
    system.processes[0]?.exit({ code: 1 });
    expect(losses).toEqual([true]);
    expect([seat.holder, seat.isProvidedFor]).toEqual([undefined, true]);
    await system.advance(500);
    expect(outcome.outcome).toMatchObject({ value: { ok: true } });
    expect(seat.holder?.state.name).toBe('ready');
  });

  it('comes at once instead of a filling that is due later', async () => {
    const { seat, system } = setUp();
    seat.fill(10_000);
    const outcome = watch(seat.replace('reload'));
    await system.advance(60_000);
    expect(outcome.outcome).toMatchObject({ value: { ok: true } });
    expect(system.processes).toHaveLength(1);
  });

  it('waits for one that is on its way, and for everybody before it', async () => {
    const { seat, system } = setUp();
    const outcomes = [1, 2, 3].map(() => watch(seat.replace('reload')));
    await system.advance(0);
    expect(system.processes).toHaveLength(1);
    await system.advance(200);
    expect(outcomes.map(({ outcome }) => outcome.state)).toEqual([
      'resolved',
      'pending',
      'pending',
    ]);
    await system.advance(1_000);
    expect(outcomes.map(({ outcome }) => outcome.state)).toEqual([
      'resolved',
      'resolved',
      'resolved',
    ]);
    expect(system.alive).toHaveLength(1);
  });
});

describe('a seat that is let go', () => {
  it('starts nobody any more', async () => {
    const { seat, system } = setUp();
    seat.fill(100);
    seat.abandon('shutdown');
    expect(await seat.replace('reload')).toEqual({ ok: false, reason: 'shutdown' });
    await system.advance(1_000);
    expect(system.processes).toEqual([]);
  });

  it('says why to whoever waits for a replacement', async () => {
    const { seat, system } = setUp();
    const outcomes = [watch(seat.replace('reload')), watch(seat.replace('reload'))];
    await system.advance(50);
    seat.abandon('scale-down');
    await system.advance(1_000);
    for (const { outcome } of outcomes) {
      expect(outcome).toEqual({ state: 'resolved', value: { ok: false, reason: 'scale-down' } });
    }
    expect(system.processes).toHaveLength(1);
    expect(seat.holder).toBeUndefined();
  });

  it('ends a probation', async () => {
    const { seat, system } = setUp();
    const outcome = watch(seat.replace('reload', 1_000));
    await system.advance(500);
    seat.abandon('shutdown');
    await system.advance(5_000);
    expect(outcome.outcome).toMatchObject({ value: { ok: false } });
    expect(seat.holder).toBeUndefined();
  });
});
