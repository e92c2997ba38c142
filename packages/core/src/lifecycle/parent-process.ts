// Primary or single process: what other process managers (PM2) and parents expect of a program.

/** PM2's `wait_ready`: says 'ready' to a parent that has a channel to us. */
export function sayReadyToParent(): void {
  // With a callback, a parent that has gone meanwhile is no 'error' event.
  if (process.connected) process.send?.('ready', undefined, undefined, () => undefined);
}

/** PM2's `shutdown_with_message`, the way to ask on systems without signals. */
export function onShutdownMessage(shutdown: () => void): void {
  process.on('message', (message) => {
    if (message === 'shutdown') shutdown();
  });
}
