// Runner: Platformatic's Watt 3, whose workers are threads that listen with SO_REUSEPORT.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isNodeAtLeast } from '../lib/node-version.mjs';
import { peerFile, peersDir } from '../lib/peers.mjs';
import { startProgram } from './program.mjs';

const run = promisify(execFile);
/** A command line that hangs must not hold up everything. */
const timeoutMs = 60_000;
const cli = peerFile('wattpm/bin/cli.js');

/** @type {import('./program.mjs').Subject} */
export const watt = {
  id: 'watt',
  name: 'Watt 3',
  unavailable: () =>
    isNodeAtLeast([22, 19], [24, 0]) ? undefined : 'needs Node.js 22.19 or newer',
  start: ({ workers }) =>
    startProgram({
      file: `file://${cli}`,
      args: ['start'],
      cwd: join(peersDir, 'watt'),
      workers,
      // Not `wattpm reload`, which stops everything and starts again.
      reload: async (pid) => {
        await run(process.execPath, [cli, 'restart', String(pid)], { timeout: timeoutMs });
      },
    }),
};
