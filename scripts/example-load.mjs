// `npm run example:load [-- --seconds=5 --connections=32 --path=/]`: sends HTTP load to the running
// example and prints how many requests each worker served, and how many failed.
import { sendLoad } from './lib/load.mjs';
import { main, UserError } from './lib/repo.mjs';

const defaults = { seconds: '5', connections: '32', path: '/', port: process.env.PORT ?? '3000' };

function parseArguments(argv) {
  const options = { ...defaults };
  for (const arg of argv) {
    const [, name, value] = /^--([a-z]+)=(.+)$/.exec(arg) ?? [];
    if (!(name in defaults)) {
      throw new UserError(
        `Unknown argument ${arg}. There are: --${Object.keys(defaults).join('=…, --')}=…`,
      );
    }
    options[name] = value;
  }
  return options;
}

/** The examples name the worker in their answers: `{"worker":2}` or `worker 2`. */
function workerOf(body) {
  return /worker(?:Id)?"?[\s:]+"?(\d+)/i.exec(body)?.[1] ?? '?';
}

await main(async () => {
  const { seconds, connections, path, port } = parseArguments(process.argv.slice(2));
  const url = `http://127.0.0.1:${port}${path}`;
  const durationMs = Number(seconds) * 1000;
  process.stdout.write(`${connections} connections for ${seconds} s to ${url}\n`);
  const startedMs = performance.now();
  const result = await sendLoad({ url, durationMs, connections: Number(connections), workerOf });
  if (result.errors.has('ECONNREFUSED') && result.served.size === 0) {
    throw new UserError(`Nothing listens on port ${port}. Start the example first: npm start`);
  }
  const tookSeconds = (performance.now() - startedMs) / 1000;
  const answered = result.requests - result.failed;
  const workers = [...result.served].sort(([a], [b]) => Number(a) - Number(b));
  for (const [worker, count] of workers) {
    const share = ((count / answered) * 100).toFixed(1);
    process.stdout.write(
      `  worker ${worker}  ${String(count).padStart(8)} requests  ${share.padStart(5)} %\n`,
    );
  }
  for (const [error, count] of result.errors) process.stdout.write(`  ${error}: ${count}\n`);
  const rate = Math.round(answered / tookSeconds);
  process.stdout.write(`${answered} answered (${rate} a second), ${result.failed} failed\n`);
  return result.failed > 0 ? 1 : 0;
});
