// Primary of an example, or its single process: says what to open and how to stop, once, when all is ready.
import type { Cluster } from '@corral/core';
import type { Settings } from './settings.js';

/** Writes nothing in workers, so every process may call it. */
export async function printBanner(
  framework: string,
  cluster: Cluster,
  { host, port }: Settings,
): Promise<void> {
  if (cluster.role === 'worker') return;
  const { ready } = await cluster.status();
  const isAnywhere = host === '0.0.0.0' || host === '::';
  const url = `http://${isAnywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
  const workers =
    cluster.role === 'single'
      ? 'in one process'
      : `on ${ready} ${ready === 1 ? 'worker' : 'workers'}`;
  const lines: readonly (readonly [string, string])[] = [
    [`${url}/`, 'which worker answers'],
    [`${url}/health`, 'pid, uptime, memory, event loop'],
    [`${url}/fast`, 'a short answer'],
    [`${url}/calculate?n=200000`, 'work for a CPU'],
    [`${url}/count`, 'a count that all workers share'],
    [`${url}/me`, 'who is logged in, whichever worker answers'],
    [`curl '${url}/calculate?n=200000'`, 'the same from a second terminal'],
    ['npm run example:load', 'load from there, and who served how much of it'],
    ...(cluster.role === 'single'
      ? []
      : [[`kill -USR2 ${process.pid}`, 'replaces every worker without losing a request'] as const]),
  ];
  const width = Math.max(...lines.map(([what]) => what.length));
  const shown = lines.map(([what, why]) => `  ${what.padEnd(width)}   ${why}\n`).join('');
  process.stdout.write(
    `\n${framework} ${workers}, process ${process.pid}:\n\n${shown}\nCtrl-C stops it.\n\n`,
  );
}
