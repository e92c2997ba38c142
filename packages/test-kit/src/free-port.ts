// Test process: finds a port that nothing uses.
import net from 'node:net';

// Below the range that the system takes the ports of outgoing connections from (32768 on Linux), so
// that no client of a test running beside this one can be given it.
const FIRST_PORT = 10_000;
const LAST_PORT = 32_000;
/** Test files that run at the same time draw from bands of their own: a found port is not yet bound. */
const BANDS = 8;
const BAND_SIZE = Math.floor((LAST_PORT - FIRST_PORT) / BANDS);
const band = Number(process.env['VITEST_POOL_ID'] ?? 0) % BANDS;

let next = Math.floor(Math.random() * BAND_SIZE);

/**
 * A TCP port on which nobody listens, on any address, and which this process has not been given
 * before. For fixtures that must keep their port over restarts; elsewhere let the fixture listen on 0
 * and report its port.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < BAND_SIZE; tries++) {
    next = (next + 1) % BAND_SIZE;
    const port = FIRST_PORT + band * BAND_SIZE + next;
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
