// Runner: `npm run bench`. Runs the measurements, prints their tables, writes the result as JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describeMachine } from './lib/machine.mjs';
import { measurementToMarkdown } from './lib/markdown.mjs';
import { parseOptions, usage, UsageError } from './lib/options.mjs';
import { ensurePeers } from './lib/peers.mjs';
import { runRounds } from './lib/rounds.mjs';
import { findThroughputClient } from './lib/throughput.mjs';
import { measurements } from './measurements/index.mjs';

/** Progress goes to stderr, so that stdout is the tables. */
const say = (line) => process.stderr.write(`${line}\n`);

async function main() {
  const options = parseOptions(process.argv.slice(2), { measurements });
  if (options.help) return process.stdout.write(usage);
  await ensurePeers(say);
  const client = await findThroughputClient();
  const { mode, workers } = options;
  const startedAt = new Date().toISOString();
  const startMs = performance.now();
  const machine = await describeMachine({ client: client.name, workers });
  const results = [];
  for (const measurement of options.measurements) {
    const plan = { ...measurement.plans[mode] };
    if (options.rounds !== undefined) plan.rounds = options.rounds;
    const subjects = measurement.subjects.filter(options.takesPart);
    const result = await runRounds(measurement, { plan, subjects, workers, client, say });
    results.push(result);
    process.stdout.write(`\n${measurementToMarkdown(result)}\n\n`);
  }
  const tookMs = performance.now() - startMs;
  const file = resolve(
    process.env.INIT_CWD ?? '.',
    options.output ??
      join(import.meta.dirname, 'results', `${startedAt.replaceAll(':', '-')}.json`),
  );
  mkdirSync(dirname(file), { recursive: true });
  const result = { schema: 1, startedAt, mode, tookMs, machine, measurements: results };
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
  say(`${(tookMs / 60_000).toFixed(1)} minutes; the result is in ${file}`);
  // A contestant that could not be measured is a fault of the harness, until somebody has looked.
  if (results.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
}

// 'exit' is where whatever has been started is killed.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

try {
  await main();
} catch (error) {
  say(error instanceof UsageError ? error.message : error.stack);
  process.exitCode = 1;
}
