// Worker: CPU-heavy work with a validated input, in threads: the worker answers others meanwhile.
import type { Cluster, Offloaded } from '@corral/core';

/** The largest `n` accepted: well under a second of work on one core. */
export const MAX_N = 2_000_000;

export type ReadN =
  | { readonly ok: true; readonly n: number }
  | {
      readonly ok: false;
      readonly error: { readonly code: 'INVALID_N'; readonly message: string };
    };

/** Reads the query parameter `n`, as a router hands it over: a string, several, or nothing. */
export function readN(raw: unknown): ReadN {
  // Digits only: Number() would also take '', ' 7', '0x10' and '1e9'.
  const n = typeof raw === 'string' && /^\d{1,15}$/.test(raw) ? Number(raw) : NaN;
  if (n >= 1 && n <= MAX_N) return { ok: true, n };
  const got = raw === undefined ? 'nothing' : JSON.stringify(raw);
  return {
    ok: false,
    error: {
      code: 'INVALID_N',
      message: `n must be a whole number from 1 to ${MAX_N}, got ${got}; try /calculate?n=200000`,
    },
  };
}

/** The functions of `calculate-tasks.ts`, in threads. */
export function offloadCalculation(
  cluster: Cluster,
): Offloaded<typeof import('./calculate-tasks.js')> {
  return cluster.offload<typeof import('./calculate-tasks.js')>(
    new URL('./calculate-tasks.js', import.meta.url),
  );
}
