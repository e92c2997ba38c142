// Worker or single process: recognizes that an error is a server's failure to listen, and where.

/** The address a `listen()` failed on, as people write it, or undefined for any other error. */
export function listenAddressOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { syscall, address, port } = error as {
    syscall?: unknown;
    address?: unknown;
    port?: unknown;
  };
  if (syscall !== 'listen' && syscall !== 'bind') return undefined;
  const host = typeof address === 'string' && address !== '' ? address : '*';
  if (typeof port !== 'number' || port < 0) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
