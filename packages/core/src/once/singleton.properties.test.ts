import fc from 'fast-check';
import { afterEach, it, expect, vi } from 'vitest';
import { recordProcess } from '../../test/exclusive-parts.js';
import { createUnsteadyBackend } from '../../test/unsteady-backend.js';
import { createStateStore } from '../state/create-state-store.js';
import { createMemoryState } from '../state/memory-state.js';
import type { ExclusiveContext, StartSingleton } from './exclusive-work.js';
import { createSingleton } from './singleton.js';

const TTL_MS = 1_000;
const PROCESSES = 3;

afterEach(() => {
  vi.useRealTimers();
});

/** What the network of one process is like until the next change. */
const weatherArbitrary = fc.record({
  latencyMs: fc.integer({ min: 0, max: 600 }),
  loses: fc.constantFrom(undefined, undefined, 'call' as const, 'answer' as const),
});
const stepArbitrary = fc.oneof(
  fc.record({
    what: fc.constant('weather' as const),
    who: fc.nat(PROCESSES - 1),
    weather: weatherArbitrary,
  }),
  fc.record({ what: fc.constant('leave' as const), who: fc.nat(PROCESSES - 1) }),
  fc.record({ what: fc.constant('fail' as const), who: fc.nat(PROCESSES - 1) }),
  fc.record({ what: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
);

it('a singleton is never two processes’, whatever the network does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 30 }), async (steps) => {
      vi.useFakeTimers();
      const memory = createMemoryState();
      const runs: ExclusiveContext[] = [];
      const faults: string[] = [];
      const held = (): number => runs.filter(({ isHeld }) => isHeld()).length;

      const processes = Array.from({ length: PROCESSES }, () => {
        let weather = { latencyMs: 0, loses: undefined as 'call' | 'answer' | undefined };
        const store = createUnsteadyBackend(memory.open(), {
          latencyMs: () => weather.latencyMs,
          loses: () => weather.loses,
        });
        let fail: () => void = () => undefined;
        const start: StartSingleton = async (context) => {
          // What it throws would be a failure of the work, and tried again.
          for (const earlier of runs) {
            if (!earlier.signal.aborted) faults.push('begun before the signal of the last aborted');
            if (earlier.fencingToken >= context.fencingToken) faults.push('an old token');
          }
          runs.push(context);
          await new Promise<void>((resolve, reject) => {
            fail = () => reject(new Error('failed'));
            // To stop takes time, too.
            context.signal.addEventListener('abort', () => setTimeout(resolve, 150));
          });
        };
        const process = recordProcess(createStateStore(store));
        const join = (): ReturnType<typeof createSingleton> =>
          createSingleton('job', start, { ttlMs: TTL_MS }, process);
        let member = join();
        return {
          setWeather: (next: typeof weather) => void (weather = next),
          fail: () => fail(),
          leave() {
            void member.close();
            member = join();
          },
        };
      });

      for (const step of steps) {
        if (step.what === 'weather') processes[step.who]?.setWeather(step.weather);
        else if (step.what === 'wait') await vi.advanceTimersByTimeAsync(step.ms);
        else processes[step.who]?.[step.what]();
        expect(held()).toBeLessThanOrEqual(1);
      }
      // And somebody does it when the network is well again.
      for (const { setWeather } of processes) setWeather({ latencyMs: 0, loses: undefined });
      for (let waits = 0; held() === 0 && waits < 20; waits += 1) {
        await vi.advanceTimersByTimeAsync(10_000);
      }
      expect(held()).toBe(1);
      expect(faults).toEqual([]);
      memory.close();
    }),
    { numRuns: 100 },
  );
});
