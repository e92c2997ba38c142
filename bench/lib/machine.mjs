// Runner: describes the machine and the versions, without which figures mean nothing.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import { peerVersion } from './peers.mjs';

const run = promisify(execFile);

/** @param {{ client: string, workers: number }} run how it is measured */
export async function describeMachine({ client, workers }) {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()}`,
    system: /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    // Over the last minute, before anything was started: a machine that does other work measures that.
    loadAverage: os.loadavg()[0],
    node: process.version,
    pm2: peerVersion('pm2'),
    wattpm: peerVersion('wattpm'),
    corralCommit: await commit(),
    client,
    workers,
  };
}

/** @returns {Promise<string>} with a `+` when there are changes that no commit has */
async function commit() {
  const git = async (...args) =>
    (await run('git', args, { cwd: import.meta.dirname })).stdout.trim();
  try {
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return (await git('rev-parse', '--short', 'HEAD')) + (changed === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}
