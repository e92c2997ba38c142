// Any process: a binary heap of what expires, soonest first. Everything knows its own place in it, so that
// moving or removing one costs the logarithm of their number, and no timer.

/** What can be put into a heap. The heap alone writes `heapIndex`. */
export interface Expiring {
  /** Infinity: never; then it is in no heap. */
  expiresAtMs: number;
  /** -1 outside of the heap. */
  heapIndex: number;
}

export interface ExpiryHeap<T extends Expiring> {
  /** What expires soonest. */
  readonly first: T | undefined;
  /** Sets when an item expires; Infinity takes it out. */
  schedule(item: T, expiresAtMs: number): void;
  remove(item: T): void;
}

export function createExpiryHeap<T extends Expiring>(): ExpiryHeap<T> {
  const items: T[] = [];

  const put = (item: T, index: number): void => {
    items[index] = item;
    item.heapIndex = index;
  };
  const up = (item: T): void => {
    let index = item.heapIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex];
      if (parent === undefined || parent.expiresAtMs <= item.expiresAtMs) break;
      put(parent, index);
      index = parentIndex;
    }
    put(item, index);
  };
  const down = (item: T): void => {
    let index = item.heapIndex;
    for (;;) {
      const left = items[2 * index + 1];
      const right = items[2 * index + 2];
      const child =
        right !== undefined && left !== undefined && right.expiresAtMs < left.expiresAtMs
          ? right
          : left;
      if (child === undefined || child.expiresAtMs >= item.expiresAtMs) break;
      const childIndex = child.heapIndex;
      put(child, index);
      index = childIndex;
    }
    put(item, index);
  };
  const remove = (item: T): void => {
    const index = item.heapIndex;
    if (index < 0) return;
    item.heapIndex = -1;
    const last = items.pop();
    if (last === undefined || last === item) return;
    put(last, index);
    up(last);
    down(last);
  };

  return {
    get first() {
      return items[0];
    },
    schedule(item, expiresAtMs) {
      if (expiresAtMs === Infinity) {
        remove(item);
        item.expiresAtMs = Infinity;
        return;
      }
      item.expiresAtMs = expiresAtMs;
      if (item.heapIndex < 0) put(item, items.length);
      up(item);
      down(item);
    },
    remove,
  };
}
