// Runner: requests a second, by wrk where it is installed, else by autocannon.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { peerFile, peerVersion } from './peers.mjs';

const run = promisify(execFile);

/**
 * @typedef {object} ThroughputSettings
 * @property {string} url
 * @property {boolean} newConnections a new connection for each request (`Connection: close`)
 * @property {number} connections open at a time
 * @property {number} seconds whole
 */

/** @typedef {{ requestsPerSecond: number, p99Ms: number, errors: number }} Throughput */

/**
 * @typedef {object} ThroughputClient
 * @property {string} name with its version
 * @property {(settings: ThroughputSettings) => Promise<Throughput>} measure
 */

/** @returns {Promise<ThroughputClient>} */
export async function findThroughputClient() {
  // Asked for its version, wrk prints it together with its usage, and exits with 1.
  const usage = await run('wrk', ['--version']).catch((error) => error);
  const version = /^wrk (?:debian\/)?(\S+)/.exec(usage.stdout ?? '')?.[1];
  if (version !== undefined) return { name: `wrk ${version}, 1 thread`, measure: measureWithWrk };
  return { name: `autocannon ${peerVersion('autocannon')}`, measure: measureWithAutocannon };
}

/** @param {ThroughputSettings} settings @returns {Promise<Throughput>} */
async function measureWithWrk({ url, newConnections, connections, seconds }) {
  const header = newConnections ? ['-H', 'Connection: close'] : [];
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...header, url];
  const { stdout } = await run('wrk', args);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(
    stdout,
  );
  const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p99Ms: Number(p99) * { us: 0.001, ms: 1, s: 1_000 }[unit],
    errors: (errors ?? []).slice(1).reduce((total, count) => total + Number(count), 0),
  };
}

/** @param {ThroughputSettings} settings @returns {Promise<Throughput>} */
async function measureWithAutocannon({ url, newConnections, connections, seconds }) {
  // Its --reconnectRate 1 would count no request at all; told by the server, it reconnects as well.
  const header = newConnections ? ['-H', 'Connection: close'] : [];
  const limits = ['-c', String(connections), '-d', String(seconds)];
  const program = peerFile('autocannon/autocannon.js');
  const { stdout } = await run(process.execPath, [program, '--json', ...limits, ...header, url]);
  const { requests, latency, errors } = JSON.parse(stdout);
  return { requestsPerSecond: requests.average, p99Ms: latency.p99, errors };
}
