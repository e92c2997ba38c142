// Runner: PM2 7 in cluster mode, with a daemon of its own that ends with the measurement.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { descendantsOf, freePort, isAlive, waitUntilGone } from '@corral/test-kit';
import { nowMs } from '../lib/clock.mjs';
import { peerFile } from '../lib/peers.mjs';
import { contestantEnv, untilServing } from './program.mjs';

const run = promisify(execFile);
/** A command line that hangs must not hold up everything. */
const timeoutMs = 60_000;
const cli = peerFile('pm2/bin/pm2');
const config = fileURLToPath(new URL('../programs/pm2.config.cjs', import.meta.url));

/** @type {import('./program.mjs').Subject} */
export const pm2 = { id: 'pm2', name: 'PM2 7, cluster mode', start };

/** @param {import('./program.mjs').StartSettings} settings */
async function start({ workers }) {
  const port = await freePort();
  const home = mkdtempSync(join(tmpdir(), 'corral-bench-pm2-'));
  const env = {
    ...process.env,
    ...contestantEnv({ port, workers }),
    PM2_HOME: home,
    PM2_DISCRETE_MODE: 'true',
  };
  const command = (...args) => run(process.execPath, [cli, ...args], { env, timeout: timeoutMs });
  const family = () => {
    const pid = daemonPid(home);
    return pid === undefined ? [] : [pid, ...descendantsOf(pid)];
  };
  // The daemon belongs to no process group of ours, and outlives a runner that is interrupted.
  const killAll = () => {
    for (const pid of family()) killQuietly(pid);
    rmSync(home, { recursive: true, force: true });
  };
  process.once('exit', killAll);
  const stop = async () => {
    const pids = family();
    await command('kill').catch(() => undefined);
    killAll();
    await waitUntilGone(pids);
    process.off('exit', killAll);
  };

  let commandError;
  try {
    const startedAtMs = nowMs();
    // A command line that ends well says nothing about the workers; one that fails, that there are none.
    const exit = new Promise((resolve) => {
      command('start', config).catch((error) => {
        commandError = error;
        resolve(undefined);
      });
    });
    const serving = await untilServing({ port, workers, startedAtMs, exit });
    const reload = async () => {
      await command('reload', 'bench');
    };
    return { ...serving, rootPid: daemonPid(home), reload, stop };
  } catch (error) {
    await stop();
    throw commandError ?? error;
  }
}

/** @returns {number | undefined} undefined when the daemon does not run */
function daemonPid(home) {
  const file = join(home, 'pm2.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Number.NaN;
  return pid > 0 && isAlive(pid) ? pid : undefined;
}

function killQuietly(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
