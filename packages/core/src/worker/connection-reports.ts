// Worker: tells the primary how many connections stay open, without a message for each that comes and goes.

/** A change that is worth a message between heartbeats. */
const REPORTED_CHANGE = 4;
/** How long connections must last to be told of, in ms: with requests that take less, the number of those
 * that are open at the moment changes all the time and says nothing. */
const WINDOW_MS = 5;

export interface ConnectionReports {
  /** Called for every connection that opens or closes: with how many are open now. */
  changed(connections: number): void;
  /** The primary has been told otherwise, by a heartbeat. */
  told(connections: number): void;
}

/** @param report tells the primary the lowest number within a window that differs from what it knows */
export function createConnectionReports(report: (connections: number) => void): ConnectionReports {
  let current = 0;
  let lowest = 0;
  let reported = 0;
  let isWatching = false;

  const differs = (connections: number): boolean =>
    Math.abs(connections - reported) >= REPORTED_CHANGE;

  const watch = (): void => {
    isWatching = true;
    lowest = current;
    setTimeout(endWindow, WINDOW_MS).unref();
  };
  const endWindow = (): void => {
    isWatching = false;
    if (differs(lowest)) {
      reported = lowest;
      report(lowest);
    }
    if (differs(current)) watch();
  };

  return {
    changed(connections) {
      current = connections;
      if (isWatching) lowest = Math.min(lowest, connections);
      else if (differs(connections)) watch();
    },
    told(connections) {
      reported = connections;
    },
  };
}
