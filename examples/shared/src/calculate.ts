// Worker: CPU-heavy work with a validated input, so that load spreads visibly over the workers.

/**
 * The largest `n` accepted: well under a second of work on one core. While a worker computes, it answers
 * nothing else, so the bound keeps far below `stallMs` (5 s), past which Corral replaces a worker.
 */
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

/** How many primes are below `n`, by trial division: slow on purpose. */
export function countPrimes(n: number): number {
  let count = 0;
  for (let candidate = 2; candidate < n; candidate += 1) if (isPrime(candidate)) count += 1;
  return count;
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) {
    if (candidate % divisor === 0) return false;
  }
  return true;
}
