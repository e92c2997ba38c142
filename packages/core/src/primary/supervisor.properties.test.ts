// What holds for a supervisor whatever happens, and in whatever order.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSimulatedCluster, watch } from '../../test/simulated-cluster.js';
import type { SimulatedCluster, Watched } from '../../test/simulated-cluster.js';
import type { Behaviour, SimulatedProcess } from '../../test/simulated-process.js';

const MIN_UPTIME_MS = 1_000;

type Action =
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'freeze'; readonly ms: number }
  | { readonly do: 'behave'; readonly behaviour: Partial<Behaviour> }
  | {
      readonly do:
        | 'crash'
        | 'kill'
        | 'fail'
        | 'stall'
        | 'block'
        | 'recover'
        | 'terminate'
        | 'bloat';
      /** Which of the processes that are alive, modulo their number. */
      readonly which: number;
    }
  | { readonly do: 'reload'; readonly concurrency: number }
  | { readonly do: 'scale'; readonly workers: number }
  | { readonly do: 'shutdown' }
  | { readonly do: 'hurry' };

const anyBehaviour: fc.Arbitrary<Partial<Behaviour>> = fc.record({
  boot: fc.constantFrom('ready', 'ready', 'ready', 'bootFails', 'crashes', 'hangs'),
  bootMs: fc.constantFrom(0, 20, 200, 3_000),
  drainMs: fc.constantFrom(0, 100, 4_000, Infinity),
  cutConnections: fc.constantFrom(0, 0, 1),
});

const which = fc.nat(7);

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 1, 50, 250, 1_000, 6_000, 20_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('freeze' as const),
      ms: fc.constantFrom(100, 2_000, 30_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('behave' as const), behaviour: anyBehaviour }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'crash',
        'kill',
        'fail',
        'stall',
        'block',
        'recover',
        'terminate',
        'bloat',
      ),
      which,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('reload' as const),
      concurrency: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('scale' as const),
      workers: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

const anyEnding: fc.Arbitrary<readonly Action[]> = fc.oneof(
  fc.constant<readonly Action[]>([{ do: 'shutdown' }]),
  fc.constant<readonly Action[]>([{ do: 'shutdown' }, { do: 'pass', ms: 20 }, { do: 'hurry' }]),
);

/** A cluster under test, and what is waited for. */
interface Run {
  readonly cluster: SimulatedCluster;
  readonly started: Watched<void>;
  readonly operations: Array<Watched<unknown>>;
}

function act({ cluster, operations }: Run, action: Action): void {
  const { supervisor, system } = cluster;
  switch (action.do) {
    case 'pass':
      return;
    case 'freeze':
      system.freeze(action.ms);
      return;
    case 'behave':
      system.behave(action.behaviour);
      return;
    case 'reload':
      operations.push(watch(supervisor.reload({ concurrency: action.concurrency })));
      return;
    case 'scale':
      operations.push(watch(supervisor.scale(action.workers)));
      return;
    case 'shutdown':
      supervisor.shutdown('test');
      return;
    case 'hurry':
      supervisor.hurry();
      return;
    default: {
      const { alive } = system;
      const process = alive[action.which % Math.max(1, alive.length)];
      if (process !== undefined) harm(process, action.do);
    }
  }
}

function harm(process: SimulatedProcess, how: Extract<Action, { which: number }>['do']): void {
  switch (how) {
    case 'crash':
      process.exit({ code: 1 });
      return;
    case 'kill':
      process.exit({ signal: 'SIGKILL' });
      return;
    case 'fail':
      // An uncaught error before a worker is ready is a failed boot.
      if (process.readyMs === undefined) process.exit({ code: 1 });
      else process.fail('boom');
      return;
    case 'stall':
      process.block();
      process.reportStall(4_000);
      return;
    case 'block':
      process.block();
      return;
    case 'recover':
      process.unblock();
      return;
    case 'terminate':
      process.terminate();
      return;
    case 'bloat':
      process.setFigures({ rssBytes: 2_000_000 });
      return;
    default:
      how satisfies never;
  }
}

/** Not `expect`, which is too slow for what is looked at after each of a million steps. */
function must(isTrue: boolean, what: () => string): void {
  if (!isTrue) throw new Error(what());
}

/** What must be true after every single thing that happens. */
function checkInvariants({ supervisor, system, events }: SimulatedCluster): void {
  const status = supervisor.status();
  const { workers } = status;

  // The status tells of those processes that are there, by their own numbers.
  const alive = new Map(system.alive.map((process) => [process.pid, process]));
  must(
    workers.length === alive.size && workers.every(({ pid }) => alive.has(pid)),
    () => `status() has ${workers.map(({ pid }) => pid)}, alive are ${[...alive.keys()]}`,
  );
  for (const name of ['ready', 'draining'] as const) {
    const count = workers.filter(({ state }) => state === name).length;
    must(status[name] === count, () => `status() counts ${status[name]} ${name}, not ${count}`);
  }
  for (const { pid, state } of workers) {
    const process = alive.get(pid);
    const isServing = state === 'ready' || state === 'stalled';
    must(!isServing || process?.readyMs !== undefined, () => `${pid} is ${state}, but never was`);
    const isLeaving = state === 'draining' || state === 'killed';
    must(!isLeaving || isToGo(process), () => `${pid} is ${state}, but does not know`);
  }

  // Two workers of one number serve at a time only while the newer is on probation.
  const newestReadyMs = new Map<number, number>();
  const serving = system.alive.filter((one) => one.readyMs !== undefined && !isToGo(one));
  for (const { workerId, readyMs = 0 } of serving) {
    const isAlone = !newestReadyMs.has(workerId);
    must(
      isAlone || system.isBehind || system.nowMs() - readyMs <= MIN_UPTIME_MS,
      () => `two workers with the number ${workerId} serve`,
    );
    newestReadyMs.set(workerId, readyMs);
  }

  // No rollout begins before the earlier one has said how it ended.
  const reported = events.flatMap(({ name, event }) =>
    name === 'reload' ? [event.generation] : [],
  );
  must(
    reported.every((generation, index) => generation === index + 2),
    () => `rollouts reported out of order: ${reported}`,
  );
  const begun = supervisor.generation - 1;
  must(begun - reported.length <= 1, () => `${begun} rollouts begun, ${reported.length} ended`);
  must(
    system.processes.every(({ generation }) => generation <= supervisor.generation),
    () => 'a worker is of a generation yet to come',
  );

  must(!supervisor.isStopping || status.desired === 0, () => 'workers are desired while stopping');
}

/** Whether it leaves, or has been told to. */
function isToGo(process: SimulatedProcess | undefined): boolean {
  if (process === undefined || process.isLeaving) return true;
  return process.received.some(({ type }) => type === 'drain');
}

/** Longer than any deadline, one after another. */
const LONG_MS = 60_000;

async function runThrough(
  actions: readonly Action[],
  onExhausted: 'exit' | 'keep-trying',
  random: number,
): Promise<Run> {
  const cluster = createSimulatedCluster(
    {
      minUptimeMs: MIN_UPTIME_MS,
      maxRssBytes: 1_000_000,
      restart: { intensity: 5, periodMs: 20_000, onExhausted },
    },
    () => random,
  );
  let launchedAtStop: number | undefined;
  cluster.system.onStep(() => {
    checkInvariants(cluster);
    if (!cluster.supervisor.isStopping) return;
    launchedAtStop ??= cluster.system.processes.length;
    const { length } = cluster.system.processes;
    must(length === launchedAtStop, () => 'a worker was launched after the stop');
  });
  const run: Run = { cluster, started: watch(cluster.supervisor.start(2)), operations: [] };
  await cluster.system.advance(300);
  for (const action of actions) {
    act(run, action);
    await cluster.system.advance(action.do === 'pass' ? action.ms : 0);
  }
  return run;
}

function settled(operations: ReadonlyArray<Watched<unknown>>): string[] {
  return operations.map(({ outcome }) => (outcome.state === 'pending' ? 'pending' : 'settled'));
}

describe('a supervisor, whatever happens', () => {
  it('ends after a shutdown, with every process gone and every call settled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyAction, { maxLength: 25 }),
        anyEnding,
        fc.array(anyAction, { maxLength: 6 }),
        fc.constantFrom('exit', 'keep-trying'),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        async (before, ending, after, onExhausted, random) => {
          const run = await runThrough([...before, ...ending, ...after], onExhausted, random);
          await run.cluster.system.advance(LONG_MS);
          expect(run.cluster.ended.outcome.state).toBe('resolved');
          expect(run.cluster.system.alive).toEqual([]);
          expect(settled(run.operations)).not.toContain('pending');
        },
      ),
      { numRuns: 150 },
    );
  });

  it('has all its workers ready once they behave again, and does what it is asked then', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyAction, { maxLength: 25 }),
        fc.constantFrom('exit', 'keep-trying'),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 5 }),
        async (actions, onExhausted, random, workers) => {
          const run = await runThrough(actions, onExhausted, random);
          const { supervisor, system, ended } = run.cluster;
          for (const process of system.alive) process.unblock();
          system.behave({});
          await system.advance(LONG_MS);
          expect(settled(run.operations)).not.toContain('pending');
          if (supervisor.isStopping) {
            // A first generation that failed, or a crash loop.
            expect(ended.outcome).toMatchObject({ value: { kind: 'failed' } });
            expect(system.alive).toEqual([]);
            return;
          }
          expect(run.started.outcome.state).toBe('resolved');
          const { desired, ready } = supervisor.status();
          expect(ready).toBe(desired);

          const operations = [watch(supervisor.scale(workers)), watch(supervisor.reload())];
          await system.advance(LONG_MS);
          expect(operations.map(({ outcome }) => outcome.state)).toEqual(['resolved', 'resolved']);
          expect(supervisor.status()).toMatchObject({
            desired: workers,
            ready: workers,
            draining: 0,
          });
          const ids = system.alive.map(({ workerId }) => workerId);
          expect(ids.sort()).toEqual(Array.from({ length: workers }, (_, index) => index + 1));
          for (const { generation } of system.alive) expect(generation).toBe(supervisor.generation);
        },
      ),
      { numRuns: 150 },
    );
  });
});
