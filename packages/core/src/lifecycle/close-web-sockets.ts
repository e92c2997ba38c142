// Worker or single process: says goodbye to WebSockets in a drain, for apps to call from a shutdown hook.

/** What `ws`, and most other WebSocket libraries, offer. */
export interface ClosableWebSocket {
  close(code?: number, reason?: string): unknown;
}

export interface CloseWebSocketsOptions {
  /** The close code. Default 1001, "going away" (RFC 6455 §7.4.1). */
  readonly code?: number;
  /** Default `'going away'`. */
  readonly reason?: string;
  /**
   * Spreads the closes evenly over this many ms, so that the clients do not all reconnect in one
   * moment. Default 0: at once. The hook that calls this needs a `timeoutMs` above it: when its time is
   * up, the connections that are left are ended without a close frame.
   */
  readonly spreadMs?: number;
}

/**
 * Closes WebSockets with 1001. With `ws`:
 *
 * ```ts
 * cluster.onShutdown(() => closeWebSockets(wss.clients), { phase: 'connections' });
 * ```
 */
export async function closeWebSockets(
  clients: Iterable<ClosableWebSocket>,
  options: CloseWebSocketsOptions = {},
): Promise<void> {
  const { code = 1001, reason = 'going away', spreadMs = 0 } = options;
  const all = [...clients];
  const startMs = performance.now();
  for (const [index, client] of all.entries()) {
    const waitMs = startMs + (spreadMs * index) / all.length - performance.now();
    // A timer is never shorter than 1 ms, so thousands of clients are closed in bunches.
    if (waitMs >= 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    client.close(code, reason);
  }
}
