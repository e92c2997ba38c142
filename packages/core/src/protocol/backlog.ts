// Both sides: a bounded queue of messages that can be lost: beyond the bound, the oldest go first.

export interface BacklogEntry {
  readonly bytes: number;
}

export interface Backlog<E extends BacklogEntry> {
  readonly length: number;
  /** What all entries have together. */
  readonly bytes: number;
  /** Adds the newest; returns the oldest ones that had to go. One too large for the bound stays, alone. */
  push(entry: E): readonly E[];
  /** Takes the oldest. */
  shift(): E | undefined;
}

export function createBacklog<E extends BacklogEntry>(limitBytes: number): Backlog<E> {
  let entries: Array<E | undefined> = [];
  // Empty before it: moving all others down each time would be slow.
  let first = 0;
  let bytes = 0;

  const shift = (): E | undefined => {
    const entry = entries[first];
    if (entry === undefined) return undefined;
    entries[first] = undefined;
    first += 1;
    bytes -= entry.bytes;
    if (first > 1_000 && first * 2 > entries.length) {
      entries = entries.slice(first);
      first = 0;
    }
    return entry;
  };

  return {
    get length() {
      return entries.length - first;
    },
    get bytes() {
      return bytes;
    },
    push(entry) {
      entries.push(entry);
      bytes += entry.bytes;
      const dropped: E[] = [];
      while (bytes > limitBytes && entries.length - first > 1) {
        const oldest = shift();
        if (oldest !== undefined) dropped.push(oldest);
      }
      return dropped;
    },
    shift,
  };
}
