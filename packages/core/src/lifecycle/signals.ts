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

/** @returns a function that takes the listeners away. */
export function onSignals(actions: SignalActions): () => void {
  // A terminal that closes sends SIGHUP too; an app that reloads then would outlive its terminal.
  const hangsUp = process.stdin.isTTY || process.stdout.isTTY;
  const listeners = [
    ['SIGTERM', actions.terminate],
    ['SIGINT', actions.interrupt],
    ['SIGHUP', hangsUp ? actions.terminate : actions.reload],
    ['SIGUSR2', actions.reload],
  ] as const;
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}
