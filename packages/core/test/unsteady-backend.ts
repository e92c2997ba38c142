// Test process: a state store behind a bad network, for unit tests with virtual time.
import type { StateBackend } from '../src/state/state-backend.js';
import { stateUnavailable } from '../src/errors.js';

export interface Weather {
  /** How long each way of a call takes. */
  latencyMs(): number;
  /** Whether a call gets lost on its way to the store, or its answer on the way back. */
  loses(): 'call' | 'answer' | undefined;
}

export const FINE_WEATHER: Weather = { latencyMs: () => 0, loses: () => undefined };

/** Makes of a store one that answers late, or not at all. `weather` may change at any time. */
export function createUnsteadyBackend(store: StateBackend, weather: Weather): StateBackend {
  return {
    ...store,
    async execute(operation) {
      const lost = weather.loses();
      await travel(weather.latencyMs());
      if (lost === 'call') throw stateUnavailable('lost on the way');
      const result = await store.execute(operation);
      await travel(weather.latencyMs());
      if (lost === 'answer') throw stateUnavailable('lost on the way back');
      return result;
    },
  };
}

async function travel(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => void setTimeout(resolve, ms));
}
