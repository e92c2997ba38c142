// `npm start [fastify|express|nest|offload]`: installs, builds and runs an example on the Node.js that runs this
// script. The example says itself what to open.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { turbo } from './lib/build.mjs';
import { main, root, UserError } from './lib/repo.mjs';
import { mustStep } from './lib/run.mjs';
import { ensureInstalled, ensureTools } from './lib/toolchain.mjs';

const entries = {
  fastify: 'server.js',
  express: 'server.js',
  nest: 'main.js',
  offload: 'server.js',
};
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
/** A terminal's Ctrl-C arrives twice: from the terminal, and again from npm. A person is slower than this. */
const sameSignalMs = 300;
const parentCheckMs = 500;

/**
 * Runs the app to its end; its exit code is the script's.
 * The app leads a process group of its own, so that Ctrl-C reaches it through this process alone, and
 * once: a second signal means "hurry" to it.
 */
function runApp(file, cwd) {
  const child = spawn(process.execPath, [file], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: process.platform !== 'win32',
  });
  const lastMs = new Map();
  for (const signal of forwarded) {
    process.on(signal, () => {
      const nowMs = performance.now();
      const isEcho = nowMs - (lastMs.get(signal) ?? -Infinity) < sameSignalMs;
      lastMs.set(signal, nowMs);
      if (!isEcho) child.kill(signal);
    });
  }
  stopWithParent(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/** npm killed outright passes no signal on: the app must not outlive it. */
function stopWithParent(child) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    child.kill('SIGTERM');
  }, parentCheckMs);
  timer.unref();
}

await main(async () => {
  const [name = 'fastify'] = process.argv.slice(2);
  if (!(name in entries)) {
    throw new UserError(
      `There is no example "${name}". There are: ${Object.keys(entries).join(', ')}.`,
    );
  }
  const tools = await ensureTools();
  await ensureInstalled(tools);
  await mustStep(`Building the ${name} example`, () =>
    turbo(tools, ['build'], [`@corral/example-${name}`]),
  );
  const cwd = join(root, 'examples', name);
  const file = join('dist', entries[name]);
  if (!existsSync(join(cwd, file)))
    throw new UserError(`${join('examples', name, file)} is missing.`);
  return runApp(file, cwd);
});
