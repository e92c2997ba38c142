// Primary or single process: runs operations (rollouts, scalings, changes of the configuration …) one after
// another; never interleaved.

export interface OperationQueue {
  readonly isIdle: boolean;
  /** Runs `operation` when all earlier ones have ended; settles as it does. */
  run<T>(operation: () => Promise<T>): Promise<T>;
}

export function createOperationQueue(): OperationQueue {
  let last: Promise<unknown> = Promise.resolve();
  let length = 0;
  return {
    get isIdle() {
      return length === 0;
    },
    async run(operation) {
      length += 1;
      const result = last.then(operation);
      last = result.catch(() => undefined);
      try {
        return await result;
      } finally {
        length -= 1;
      }
    },
  };
}
