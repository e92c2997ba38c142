// What holds for leases and steering whatever happens to the workers, and in whatever order.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planLeases } from './lease-policy.js';
import type { LeaseCandidate, Leases } from './lease-policy.js';
import { planSteering } from './steering-policy.js';
import type { Steering } from './steering-policy.js';

type Event =
  /** A worker is started in a seat, which may have others: in a reload. */
  | { readonly do: 'start'; readonly seat: number }
  | { readonly do: 'become'; readonly which: number; readonly state: LeaseCandidate['state'] }
  | { readonly do: 'gone'; readonly which: number }
  | { readonly do: 'count'; readonly which: number; readonly connections: number }
  | { readonly do: 'load'; readonly which: number; readonly utilizationRatio: number };

const which = fc.nat(11);
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ do: fc.constant('start' as const), seat: fc.integer({ min: 1, max: 6 }) }),
  fc.record({
    do: fc.constant('become' as const),
    which,
    state: fc.constantFrom('ready', 'ready', 'stalled', 'draining', 'booting'),
  }),
  fc.record({ do: fc.constant('gone' as const), which }),
  fc.record({ do: fc.constant('count' as const), which, connections: fc.nat(300) }),
  fc.record({
    do: fc.constant('load' as const),
    which,
    utilizationRatio: fc.constantFrom(0, 0.3, 0.5, 0.7, 0.9, 1),
  }),
);

/** The workers, and what was planned for them so far; as listen-slots.ts keeps it. */
interface Scene {
  readonly slotCount: number;
  readonly candidates: readonly LeaseCandidate[];
  readonly leases: Leases;
  readonly steering: Steering | undefined;
}

function happen({ candidates }: Scene, event: Event, id: number): readonly LeaseCandidate[] {
  if (event.do === 'start') {
    const figures = { connections: 0, utilizationRatio: 0 };
    return [...candidates, { id, workerId: event.seat, state: 'booting', ...figures }];
  }
  const target = candidates[event.which % Math.max(1, candidates.length)];
  switch (event.do) {
    case 'become':
      return candidates.map((each) => (each === target ? { ...each, state: event.state } : each));
    case 'gone':
      return candidates.filter((each) => each !== target);
    case 'count':
      return candidates.map((each) =>
        each === target ? { ...each, connections: event.connections } : each,
      );
    case 'load':
      return candidates.map((each) =>
        each === target ? { ...each, utilizationRatio: event.utilizationRatio } : each,
      );
    default:
      return event satisfies never;
  }
}

function plan(
  { slotCount, leases, steering }: Scene,
  candidates: readonly LeaseCandidate[],
): Scene {
  const slots = Math.max(slotCount, ...candidates.map(({ workerId }) => workerId));
  const nextSteering = planSteering(candidates, steering);
  return {
    slotCount: slots,
    candidates,
    steering: nextSteering,
    leases: planLeases(slots, candidates, leases, nextSteering),
  };
}

const EMPTY: Scene = { slotCount: 1, candidates: [], leases: new Map(), steering: undefined };

/** Calls `check` after each of a random sequence of events. */
function forAnyHistory(check: (before: Scene, after: Scene) => void): void {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      let scene = EMPTY;
      for (const [index, event] of events.entries()) {
        const next = plan(scene, happen(scene, event, index + 1));
        check(scene, next);
        scene = next;
      }
    }),
    { numRuns: 300 },
  );
}

const isReady = ({ state }: LeaseCandidate): boolean => state === 'ready';

describe('leases', () => {
  it('are all held by workers that are ready, as long as there is one', () => {
    forAnyHistory((_, { slotCount, candidates, leases }) => {
      const ready = new Set(candidates.filter(isReady).map(({ id }) => id));
      if (ready.size === 0) return;
      expect(leases.size).toBe(slotCount);
      for (const id of leases.values()) expect(ready.has(id)).toBe(true);
    });
  });

  it('are never held by a worker that has gone, nor by one that drains while another can take over', () => {
    forAnyHistory((_, { candidates, leases }) => {
      const canTakeOver = candidates.some(({ state }) => state === 'ready' || state === 'booting');
      for (const id of leases.values()) {
        const holder = candidates.find((candidate) => candidate.id === id);
        expect(holder).toBeDefined();
        if (canTakeOver) expect(['ready', 'booting']).toContain(holder?.state);
      }
    });
  });

  it('move only with a reason', () => {
    forAnyHistory((before, after) => {
      // The same again changes nothing.
      expect(plan(after, after.candidates).leases).toEqual(after.leases);
      if (after.steering !== undefined || before.steering !== undefined) return;
      const eligible = (scene: Scene): string =>
        scene.candidates.map(({ id, state }) => `${id}:${state}`).join();
      const isSame = eligible(before) === eligible(after) && before.slotCount === after.slotCount;
      if (isSame) expect(after.leases).toEqual(before.leases);
    });
  });

  it('of a ready worker’s own seat move only to a newer worker of it, or by steering', () => {
    forAnyHistory((_, { slotCount, candidates, leases, steering }) => {
      for (let slot = 0; slot < slotCount; slot++) {
        const own = candidates.filter((each) => each.workerId === slot + 1 && isReady(each));
        if (own.length === 0) continue;
        const newestId = Math.max(...own.map(({ id }) => id));
        const isSteered = steering?.from === newestId;
        expect(leases.get(slot)).toBe(isSteered ? steering.to : newestId);
      }
    });
  });

  it('of those without a ready worker are shared evenly', () => {
    forAnyHistory((_, { slotCount, candidates, leases, steering }) => {
      const seats = new Set(candidates.filter(isReady).map(({ workerId }) => workerId));
      const isOneEach = seats.size === candidates.filter(isReady).length;
      if (seats.size === 0 || !isOneEach || steering !== undefined) return;
      const counts = candidates
        .filter(isReady)
        .map(({ id }) => [...leases.values()].filter((holder) => holder === id).length);
      expect(Math.max(...counts)).toBeLessThanOrEqual(Math.ceil(slotCount / seats.size));
    });
  });
});

/** Numbers in 0…1, spread as the kernel's hash spreads connections (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('steering', () => {
  it('is only ever between two workers that are ready, from more load to less', () => {
    forAnyHistory((_, { candidates, steering }) => {
      if (steering === undefined) return;
      const find = (id: number): LeaseCandidate | undefined =>
        candidates.find((each) => each.id === id);
      const [from, to] = [find(steering.from), find(steering.to)];
      expect([from?.state, to?.state]).toEqual(['ready', 'ready']);
      const load = steering.why === 'overload' ? 'utilizationRatio' : 'connections';
      expect(from?.[load]).toBeGreaterThan(to?.[load] ?? Infinity);
    });
  });

  it('evens out any distribution of long-lived connections', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100), { minLength: 2, maxLength: 8 }),
        fc.integer(),
        (counts, seed) => {
          const hash = uniform(seed);
          let scene = plan(
            EMPTY,
            counts.map((connections, index) => ({
              id: index + 1,
              workerId: index + 1,
              state: 'ready',
              connections,
              utilizationRatio: 0,
            })),
          );
          const connect = (): void => {
            const holder = scene.leases.get(Math.floor(hash() * scene.slotCount));
            const next = scene.candidates.map((each) =>
              each.id === holder ? { ...each, connections: each.connections + 1 } : each,
            );
            scene = plan(scene, next);
          };
          const missing =
            200 * counts.length - counts.reduce((sum, connections) => sum + connections, 0);
          for (let connection = 0; connection < missing; connection++) connect();
          const all = scene.candidates.map(({ connections }) => connections);
          expect(Math.max(...all) / 200).toBeLessThanOrEqual(1.1);
        },
      ),
      { numRuns: 100 },
    );
  });
});
