// Any process: what each signal means to it. The table is docs/signals.md.

/** What a process does on signals; each is called once per signal received. */
export interface SignalActions {
  /** SIGTERM. */
  readonly terminate: (signal: NodeJS.Signals) => void;
  /** SIGINT, which Ctrl-C sends to every process of the group. */
  readonly interrupt: (signal: NodeJS.Signals) => void;
  /** SIGHUP, when it does not come from a terminal that has gone, and SIGUSR2. */
  readonly reload: (signal: NodeJS.Signals) => void;
}

export function onSignals(actions: SignalActions): void {
  // A terminal that closes sends SIGHUP too; an app that reloads then would outlive its terminal.
  const hangsUp = process.stdin.isTTY || process.stdout.isTTY;
  process.on('SIGTERM', actions.terminate);
  process.on('SIGINT', actions.interrupt);
  process.on('SIGHUP', hangsUp ? actions.terminate : actions.reload);
  process.on('SIGUSR2', actions.reload);
}

/** What the process that decides, a primary or a single one, does on signals. */
export interface DecidingActions {
  /** The first SIGTERM or SIGINT. */
  readonly terminate: (signal: NodeJS.Signals) => void;
  /** A later one: whoever sends it does not want to wait. */
  readonly hurry: (signal: NodeJS.Signals) => void;
  readonly reload: (signal: NodeJS.Signals) => void;
}

/**
 * A Ctrl-C can come twice, from the terminal and again from npm; a person who means it takes longer.
 */
const ECHO_MS = 300;

/**
 * From now on signals do not end this process, and as the first process of a container it hears of them at
 * all. What comes before `deliver(actions)` is called waits for it; a reload has nothing to do then.
 */
export function holdSignals(): { deliver(actions: DecidingActions): void } {
  let actions: DecidingActions | undefined;
  let firstMs: number | undefined;
  let waiting: NodeJS.Signals | undefined;
  const terminate = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      if (actions === undefined) waiting = signal;
      else actions.terminate(signal);
    } else if (nowMs - firstMs >= ECHO_MS) {
      // Nothing has begun that could be lost.
      if (actions === undefined) process.exit(0);
      actions.hurry(signal);
    }
  };
  onSignals({
    terminate,
    interrupt: terminate,
    reload: (signal) => actions?.reload(signal),
  });
  return {
    deliver(decided) {
      actions = decided;
      if (waiting !== undefined) actions.terminate(waiting);
    },
  };
}
