// Runner: what Corral is measured against, and with, installed from their own lockfile when they are first needed. They
// are no dependencies of the workspace: whoever builds or tests Corral should not have to fetch them.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const peersDir = fileURLToPath(new URL('../peers', import.meta.url));
const modules = join(peersDir, 'node_modules');
const stamp = join(modules, '.corral-stamp');

/** Installs them, unless that was done before. @param {(line: string) => void} say */
export async function ensurePeers(say) {
  const lockfile = readFileSync(join(peersDir, 'package-lock.json'));
  const wanted = createHash('sha256').update(lockfile).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('Installing what Corral is measured against');
  // Their install scripts are not needed: nothing of theirs has to be compiled.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run(npm(), args, { cwd: peersDir });
  writeFileSync(stamp, wanted);
}

/** The npm of the Node.js that runs this, else the one on PATH. */
function npm() {
  const own = join(dirname(process.execPath), 'npm');
  return existsSync(own) ? own : 'npm';
}

/** A file of an installed peer. @param {string} path such as `pm2/bin/pm2` */
export function peerFile(path) {
  return join(modules, path);
}

/** @param {string} name of a package */
export function peerVersion(name) {
  return JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version;
}
