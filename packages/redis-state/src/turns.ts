// Any process: when what has gathered in a turn of the event loop is sent: at its end, or at once where the turn before
// had one call at most, as then the next is likely to be alone, too.

export interface Turns {
  /** There is one more call in this turn. */
  count(): void;
  /** It is the first that waits. */
  waits(): void;
}

/** @param flush sends what waits, if anything does */
export function createTurns(flush: () => void): Turns {
  let calls = 0;
  let callsBefore = 0;

  const end = (): void => {
    flush();
    callsBefore = calls;
    calls = 0;
  };

  return {
    count() {
      calls += 1;
      if (calls === 1) setImmediate(end);
    },
    waits() {
      if (callsBefore <= 1) process.nextTick(flush);
    },
  };
}
