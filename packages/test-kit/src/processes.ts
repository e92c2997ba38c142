// Test process: what the operating system knows about other processes. Reads /proc, so Linux only.
import fs from 'node:fs';
import { waitFor } from './wait-for.js';

/** Whether the process runs. A zombie, which has ended and only waits to be reaped, does not. */
export function isAlive(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X';
}

/** The state letter of /proc/<pid>/stat, such as `R`, `S` or `T` (stopped); undefined when it is gone. */
export function processState(pid: number): string | undefined {
  return readStat(pid)?.state;
}

/** The processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return listProcesses()
    .filter(({ parentPid }) => parentPid === pid)
    .map((each) => each.pid);
}

/** The processes below `pid`, children's children included. */
export function descendantsOf(pid: number): number[] {
  const all = listProcesses();
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const parent = next;
    const children = all.filter(({ parentPid }) => parentPid === parent).map((each) => each.pid);
    found.push(...children);
    queue.push(...children);
  }
  return found;
}

/**
 * Resolves when none of the processes is left.
 *
 * @param timeoutMs default 10,000
 * @throws when one is still there at the deadline, naming it
 */
export async function waitUntilGone(pids: Iterable<number>, timeoutMs = 10_000): Promise<void> {
  const all = [...pids];
  await waitFor(() => !all.some(isAlive), {
    timeoutMs,
    what: () => `processes ${all.filter(isAlive).map(describeProcess).join(', ')} to be gone`,
  });
}

interface ProcessStat {
  readonly pid: number;
  readonly parentPid: number;
  readonly state: string;
}

function listProcesses(): ProcessStat[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
}

function readStat(pid: number): ProcessStat | undefined {
  const stat = readFile(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold anything; what follows the last ')' is regular.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields?.[0];
  const parentPid = fields?.[1];
  if (state === undefined || parentPid === undefined) return undefined;
  return { pid, state, parentPid: Number(parentPid) };
}

function describeProcess(pid: number): string {
  const commandLine = readFile(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() ?? '';
  return `${pid} (${processState(pid) ?? 'gone'}: ${commandLine})`;
}

function readFile(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    // It ended between the listing and the reading.
    return undefined;
  }
}
