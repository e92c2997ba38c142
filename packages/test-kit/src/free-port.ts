// Test process: finds a port that nothing uses.
import net from 'node:net';

// Below the range that the system takes the ports of outgoing connections from (32768 on Linux), so
// that no client of a test running beside this one can be given it.
const FIRST_PORT = 10_000;
const LAST_PORT = 32_000;
const MAX_TRIES = 100;

/**
 * A TCP port on which nobody listens, on any address. For fixtures that must keep their port over
 * restarts; elsewhere let the fixture listen on 0 and report its port.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port found between ${FIRST_PORT} and ${LAST_PORT}`);
}

async function canListen(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
