// Keeps two of these scripts, started at once, from installing into the same folder.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDir } from './repo.mjs';

const lockFile = join(cacheDir, 'lock');
const retryMs = 200;

/** Runs `work` while no other process of this repository does. A lock whose holder is gone is taken over. */
export async function withLock(work) {
  mkdirSync(cacheDir, { recursive: true });
  while (!tryLock()) {
    if (!isHolderAlive()) rmSync(lockFile, { force: true });
    else await sleep(retryMs);
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

function isHolderAlive() {
  try {
    const pid = Number(readFileSync(lockFile, 'utf8'));
    // Just created, its pid not written yet.
    if (!pid) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
