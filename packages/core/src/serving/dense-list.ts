// Worker or single process: a list that thousands of short-lived things a second enter and leave.

/**
 * What is in a list knows its place there.
 *
 * Not a Set or Map, whose tables are thrown away as they fill up: until the next major garbage
 * collection a discarded table keeps alive what was in it, here whole requests, so that with a new
 * connection for each request a fifth of the worker's time went into collecting them.
 */
export interface Listed {
  /** Set by the list. */
  index: number;
}

export function addTo<T extends Listed>(list: T[], item: T): void {
  item.index = list.push(item) - 1;
}

/** Does not keep the order of the others. The item must be in the list. */
export function removeFrom<T extends Listed>(list: T[], item: T): void {
  const last = list.pop();
  if (last === undefined || last === item) return;
  list[item.index] = last;
  last.index = item.index;
}
