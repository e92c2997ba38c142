// Any process: a doubly linked list of what was used, least recently first.

/** What can be put into a list. The list alone writes these. */
export interface Linked<T> {
  older: T | undefined;
  newer: T | undefined;
}

export interface RecencyList<T extends Linked<T>> {
  /** What has not been used for longest. */
  readonly oldest: T | undefined;
  /** Makes an item the newest, whether it is in the list or not. */
  use(item: T): void;
  remove(item: T): void;
}

export function createRecencyList<T extends Linked<T>>(): RecencyList<T> {
  let oldest: T | undefined;
  let newest: T | undefined;

  const remove = (item: T): void => {
    if (item.older !== undefined) item.older.newer = item.newer;
    else if (oldest === item) oldest = item.newer;
    if (item.newer !== undefined) item.newer.older = item.older;
    else if (newest === item) newest = item.older;
    item.older = undefined;
    item.newer = undefined;
  };

  return {
    get oldest() {
      return oldest;
    },
    use(item) {
      if (newest === item) return;
      remove(item);
      item.older = newest;
      if (newest !== undefined) newest.newer = item;
      newest = item;
      oldest ??= item;
    },
    remove,
  };
}
