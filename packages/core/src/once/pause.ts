// Any process: a wait that ends early when there is a reason to.

/**
 * Resolves after `ms`, or when `signal` aborts. A process that has nothing else to do ends meanwhile.
 *
 * @param wakeable gets a function that ends the wait
 */
export async function pause(
  ms: number,
  signal: AbortSignal,
  wakeable: (wake: () => void) => void = () => undefined,
): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      // The signal may live as long as the process.
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener('abort', done);
    wakeable(done);
  });
}
