// Keeps two of these scripts, started at once, from installing into the same folder.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDir, dim, say } from './repo.mjs';

const lockFile = join(cacheDir, 'lock');
const retryMs = 200;
/** Longer than it takes to write a pid. */
const unwrittenMs = 5_000;
/** After this, whoever waits says so. */
const silentMs = 2_000;

/** Runs `work` while no other process of this repository does. A lock whose holder is gone is taken over. */
export async function withLock(work) {
  mkdirSync(cacheDir, { recursive: true });
  const startMs = performance.now();
  let isSilent = true;
  while (!tryLock()) {
    const holder = findHolder();
    if (holder === undefined) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (isSilent && performance.now() - startMs > silentMs) {
      say(dim(`Waiting for process ${holder}, which installs into this folder (${lockFile})`));
      isSilent = false;
    }
    await sleep(retryMs);
  }
  try {
    return await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function tryLock() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined when it is gone. */
function findHolder() {
  try {
    const pid = Number(readFileSync(lockFile, 'utf8'));
    // Just created, its pid not written yet, or its writer was killed before that.
    if (!pid) return Date.now() - statSync(lockFile).mtimeMs < unwrittenMs ? 'unknown' : undefined;
    // In a container pids come again: this process has not locked, nor has the one that runs it.
    if (pid === process.pid || pid === process.ppid) return undefined;
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'EPERM' ? 'of another user' : undefined;
  }
}
