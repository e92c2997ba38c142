// Any process: one timer for the deadlines of all calls. All have the same time, so they are over in the
// order in which they began.

export interface Deadlines<T> {
  add(item: T): void;
  delete(item: T): void;
  /** Whether its deadline is still to come. */
  has(item: T): boolean;
  /** All that are not over yet, the oldest first. */
  items(): IterableIterator<T>;
}

/** Calls `onOverdue` for every item that is not deleted within `timeoutMs`. Keeps no process alive. */
export function createDeadlines<T>(timeoutMs: number, onOverdue: (item: T) => void): Deadlines<T> {
  const dueMsOf = new Map<T, number>();
  let timer: NodeJS.Timeout | undefined;

  const arm = (delayMs: number): void => {
    // After what has already arrived: this process may have been blocked until now.
    timer = setTimeout(() => setImmediate(check), delayMs).unref();
  };
  const check = (): void => {
    timer = undefined;
    const nowMs = performance.now();
    for (const [item, dueMs] of dueMsOf) {
      if (dueMs > nowMs) {
        arm(dueMs - nowMs);
        return;
      }
      dueMsOf.delete(item);
      onOverdue(item);
    }
  };

  return {
    add(item) {
      dueMsOf.set(item, performance.now() + timeoutMs);
      if (timer === undefined) arm(timeoutMs);
    },
    delete: (item) => void dueMsOf.delete(item),
    has: (item) => dueMsOf.has(item),
    items: () => dueMsOf.keys(),
  };
}
