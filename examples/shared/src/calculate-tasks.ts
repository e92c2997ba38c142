// Thread: the work of /calculate.

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
