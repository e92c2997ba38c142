// Runner: what Corral's contestants have in common.
import { startProgram } from './program.mjs';

/**
 * @param {string} id
 * @param {string} name
 * @param {'slots' | 'round-robin'} balance
 * @returns {import('./program.mjs').Subject}
 */
export function corralContestant(id, name, balance) {
  return {
    id,
    name,
    start: ({ workers, corral }) =>
      startProgram({
        file: 'corral.mjs',
        env: { BENCH_CORRAL: JSON.stringify({ balance, ...corral }) },
        workers,
        reload: 'message',
      }),
  };
}
