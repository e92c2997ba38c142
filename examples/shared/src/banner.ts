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
    cluster.role === 'single' ? 'in one process' : `on ${ready} ${ready === 1 ? 'worker' : 'workers'}`;
  process.stdout.write(
    `
${framework} ${workers}, process ${process.pid}:

  ${url}/                     which worker answers
  ${url}/health               pid, uptime, memory, event loop
  ${url}/fast                 a short answer
  ${url}/calculate?n=200000   work for a CPU
  ${url}/count                requests over all workers

  curl '${url}/calculate?n=200000'
  npm run example:load        load from a second terminal: who served how much
  kill -USR2 ${process.pid}           replace every worker without losing a request

Ctrl-C stops it.
`,
  );
}
