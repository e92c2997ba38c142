#!/usr/bin/env node
// CLI: the program `corral`: connects it with the process that it runs in.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Io } from './command.js';
import { httpExchange } from './http-exchange.js';
import { choosePaint } from './render/paint.js';
import { run } from './run.js';

const { stdin, stdout, stderr, env } = process;

// Whoever reads has what it wants: `corral status | head -1`.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const io: Io = {
  env,
  paint: choosePaint(stdout.isTTY && stderr.isTTY, env),
  isTerminal: stdout.isTTY,
  exchange: httpExchange,
  out: (written) => void stdout.write(written),
  err: (written) => void stderr.write(written),
  readInput: async (file) => (file === '-' ? await text(stdin) : await readFile(file, 'utf8')),
};

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

process.exitCode = await run(process.argv.slice(2), io, version);
