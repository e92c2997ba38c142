// Test process: a System with virtual time and simulated workers, which unit tests drive the supervisor with.
import type { System } from '../src/system.js';
import { startProcess, WELL_BEHAVED } from './simulated-process.js';
import type { Behaviour, SimulatedProcess } from './simulated-process.js';

export interface SimulatedSystem extends System {
  /** All that were ever launched, oldest first. */
  readonly processes: readonly SimulatedProcess[];
  readonly alive: readonly SimulatedProcess[];
  /** The newest process of a worker. */
  newest(workerId: number): SimulatedProcess;
  /** What processes launched from now on do. */
  behave(behaviour: Partial<Behaviour> | ((workerId: number) => Partial<Behaviour>)): void;
  /** Starts of processes from now on fail with this error, until undefined is given. */
  refuseLaunches(error: Error | undefined): void;
  addOomKill(): void;
  /** Lets time pass: runs what is due, in order, and what follows from it. */
  advance(ms: number): Promise<void>;
  /** Time passes in which the primary does not run, as when its process is stopped. */
  freeze(ms: number): void;
  /** Whether something is overdue, because the primary did not run. */
  readonly isBehind: boolean;
  /** Called after each thing that has happened. */
  onStep(listener: () => void): void;
}

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

export interface SimulatedSystemOptions {
  readonly heartbeatMs: number;
  readonly random?: () => number;
}

export function createSimulatedSystem({
  heartbeatMs,
  random = () => 0.5,
}: SimulatedSystemOptions): SimulatedSystem {
  // A set keeps the order in which they were made, which is the order of timers for the same moment.
  const timers = new Set<Timer>();
  const processes: SimulatedProcess[] = [];
  const stepListeners: Array<() => void> = [];
  let nowMs = 1_000;
  let oomKills = 0;
  let behaviourOf: (workerId: number) => Partial<Behaviour> = () => ({});
  let launchError: Error | undefined;

  const setTimer = (callback: () => void, delayMs: number): (() => void) => {
    if (!Number.isFinite(delayMs)) return () => undefined;
    const timer: Timer = { atMs: nowMs + Math.max(0, delayMs), callback };
    timers.add(timer);
    return () => void timers.delete(timer);
  };

  const settle = async (): Promise<void> => {
    // One turn of the real event loop: every promise that can settle has settled.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    for (const listener of stepListeners) listener();
  };

  const firstDue = (untilMs: number): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (timer.atMs <= untilMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
    }
    return first;
  };

  const system: SimulatedSystem = {
    processes,
    get alive() {
      return processes.filter(({ isAlive }) => isAlive);
    },
    nowMs: () => nowMs,
    random,
    setTimer,
    oomKills: () => oomKills,
    launch(spec, observer) {
      const behaviour = { ...WELL_BEHAVED, ...behaviourOf(spec.workerId) };
      const { process, control } = startProcess({
        ...spec,
        pid: launchError === undefined ? 100 + processes.length : 0,
        behaviour,
        observer,
        heartbeatMs,
        nowMs: system.nowMs,
        setTimer,
      });
      processes.push(process);
      const error = launchError;
      if (error !== undefined) setTimer(() => process.exit({ code: null, error }), 0);
      return control;
    },
    newest(workerId) {
      const process = processes.findLast((candidate) => candidate.workerId === workerId);
      if (process === undefined) throw new Error(`worker ${workerId} was never launched`);
      return process;
    },
    behave(behaviour) {
      behaviourOf = typeof behaviour === 'function' ? behaviour : () => behaviour;
    },
    refuseLaunches(error) {
      launchError = error;
    },
    addOomKill() {
      oomKills += 1;
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (let due = firstDue(untilMs); due !== undefined; due = firstDue(untilMs)) {
        timers.delete(due);
        nowMs = Math.max(nowMs, due.atMs);
        due.callback();
        await settle();
      }
      nowMs = untilMs;
    },
    freeze(ms) {
      nowMs += ms;
    },
    get isBehind() {
      return firstDue(nowMs - 1) !== undefined;
    },
    onStep: (listener) => void stepListeners.push(listener),
  };
  return system;
}
