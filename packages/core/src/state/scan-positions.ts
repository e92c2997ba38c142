// Any process: where scans of a map have got to, so that the next page begins there and not at the start.

/** More scans at a time than this are still right, but begin each page with a walk to their place. */
const MAX_POSITIONS = 16;
/** An iterator keeps memory of a map that goes on changing, so one that was given up must not stay. */
const MAX_IDLE_MS = 5_000;

export interface ScanPositions<T> {
  /** Takes out the position after this one, if it is still known. */
  take(cursor: number): Iterator<T> | undefined;
  keep(cursor: number, iterator: Iterator<T>, nowMs: number): void;
  dropIdle(nowMs: number): void;
  clear(): void;
}

export function createScanPositions<T>(): ScanPositions<T> {
  // Those that were kept longest ago come first.
  const positions = new Map<number, { readonly iterator: Iterator<T>; readonly keptMs: number }>();

  return {
    take(cursor) {
      const position = positions.get(cursor);
      positions.delete(cursor);
      return position?.iterator;
    },
    keep(cursor, iterator, nowMs) {
      positions.delete(cursor);
      positions.set(cursor, { iterator, keptMs: nowMs });
      for (const oldest of positions.keys()) {
        if (positions.size <= MAX_POSITIONS) return;
        positions.delete(oldest);
      }
    },
    dropIdle(nowMs) {
      for (const [cursor, { keptMs }] of positions) {
        if (nowMs - keptMs < MAX_IDLE_MS) return;
        positions.delete(cursor);
      }
    },
    clear: () => positions.clear(),
  };
}
