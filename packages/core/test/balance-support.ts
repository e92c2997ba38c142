// Test process: what the tests of listening, balancing and upgrades have in common.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { BootstrapOptions, ClusterStatus } from '@corral/core';
import { descendantsOf, isAlive, probeJson, waitFor, waitUntilGone } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';

/** The Node.js that the fixtures run on. */
export const testNode: string = process.env['CORRAL_TEST_NODE'] ?? process.execPath;

function nodeHasSlots(node: string): boolean {
  const script = "process.platform === 'linux' && typeof require('node:net').BoundSocket";
  return execFileSync(node, ['-p', script], { encoding: 'utf8' }).trim() === 'function';
}

export const hasSlots: boolean = nodeHasSlots(testNode);

/** Other Node.js binaries of this test run, by whether they have listen slots. */
export function otherNodes(): Array<{ readonly path: string; readonly hasSlots: boolean }> {
  return Object.entries(process.env)
    .filter(([name, value]) => /^CORRAL_NODE_\d+$/.test(name) && value !== testNode)
    .map(([, value = '']) => ({ path: value, hasSlots: nodeHasSlots(value) }));
}

type Mode = Extract<BootstrapOptions['balance'], string>;

/**
 * The ways of balancing that exist on {@link testNode}. `npm test` runs each Node.js with its own default: between
 * them the two versions have both.
 */
export const MODES: readonly Mode[] = ((): Mode[] => {
  if (!hasSlots) return ['round-robin'];
  return process.env['CORRAL_TEST_MODES'] === 'default' ? ['slots'] : ['slots', 'round-robin'];
})();

/** Whether this machine's loopback has an IPv6 address. */
export const hasIpv6: boolean = Object.values(os.networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1');

/** An empty directory, removed after the test. */
export function temporaryDirectory(): string {
  // The path of a Unix socket may have little more than 100 characters.
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'corral-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return fs.realpathSync(directory);
}

/** Kills a process that is not, or no longer, the fixture's child, and all below it, after the test. */
export function endAfterTest(pid: number): void {
  onTestFinished(async () => {
    const pids = [pid, ...descendantsOf(pid)].filter(isAlive);
    for (const each of pids) {
      try {
        process.kill(each, 'SIGKILL');
      } catch {
        // Gone already.
      }
    }
    await waitUntilGone(pids);
  });
}

/** The inodes of the sockets with which a process listens on a TCP port. */
export function listeningSockets(pid: number, port: number): string[] {
  const LISTEN = '0A';
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = ['tcp', 'tcp6'].flatMap((family) =>
    fs
      .readFileSync(`/proc/net/${family}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === LISTEN && local?.endsWith(`:${hexPort}`))
      .map((fields) => fields[9] ?? ''),
  );
  const open = new Set<string>();
  for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
    try {
      open.add(fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      // Closed meanwhile.
    }
  }
  return listening.filter((inode) => open.has(`socket:[${inode}]`)).sort();
}

/** Asks a worker of `control.mjs` for the cluster's status. */
export async function statusAt(url: string): Promise<ClusterStatus> {
  const { json } = await probeJson(`${url}status`);
  return json as ClusterStatus;
}

/** A request on a connection of its own, over a Unix socket or from a source address. */
export async function requestFrom(
  options: http.RequestOptions,
): Promise<{ readonly status: number; readonly headers: http.IncomingHttpHeaders }> {
  const request = http.get({ agent: false, ...options });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  await once(response, 'end');
  return { status: response.statusCode ?? 0, headers: response.headers };
}

/** TCP connections that stay open until the test ends, each after an answered request. */
export interface HeldConnections {
  readonly sockets: readonly net.Socket[];
  /** How many of them each worker has accepted. */
  readonly byWorker: ReadonlyMap<string, number>;
}

export async function holdConnections(
  port: number,
  count: number,
  concurrency = 4,
): Promise<HeldConnections> {
  const sockets: net.Socket[] = [];
  const byWorker = new Map<string, number>();
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const openOne = async (): Promise<void> => {
    const socket = net.connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.write('GET / HTTP/1.1\r\nHost: app\r\n\r\n');
    let head = '';
    socket.setEncoding('latin1');
    while (!head.includes('\r\n\r\n')) {
      const [text] = (await once(socket, 'data')) as [string];
      head += text;
    }
    socket.resume();
    const workerId = /^x-worker-id: (\d+)/im.exec(head)?.[1] ?? 'unknown';
    byWorker.set(workerId, (byWorker.get(workerId) ?? 0) + 1);
  };
  let left = count;
  const runLane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await openOne();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, runLane));
  return { sockets, byWorker };
}

let lastCallId = 0;

/** Calls `cluster.upgrade()` in the fixture's primary; what comes of it is to be ended after the test. */
export async function upgrade(
  fixture: Fixture,
  options: { readonly execPath?: string } = {},
): Promise<
  | { readonly ok: true; readonly pid: number }
  | { readonly ok: false; readonly code: unknown; readonly message: string }
> {
  lastCallId -= 1;
  const id = lastCallId;
  fixture.send({ call: 'upgrade', args: [options], id });
  const outcome = await fixture.nextEvent('outcome', (event) => event['id'] === id);
  if (outcome['ok'] !== true) {
    const { code, message } = outcome['error'] as { code?: unknown; message: string };
    return { ok: false, code, message };
  }
  const { pid } = outcome['value'] as { pid: number };
  endAfterTest(pid);
  return { ok: true, pid };
}

/** Resolves when a file's text matches: what another process writes there tells no event. */
export async function fileMatches(file: string, pattern: RegExp): Promise<string> {
  const read = (): string => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
  return await waitFor(
    () => {
      const text = read();
      return pattern.test(text) && text;
    },
    { what: () => `${file} to match ${String(pattern)}; it is:\n${read()}`, timeoutMs: 30_000 },
  );
}
