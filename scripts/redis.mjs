// A Redis server for tests that need one: `provideRedis()`, or from the command line
// `node scripts/redis.mjs [command …]`, which runs the command with REDIS_URL set (without one: until Ctrl-C).
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { main, say, UserError } from './lib/repo.mjs';
import { mustStep, run } from './lib/run.mjs';

const servers = ['redis-server', 'valkey-server'];
const startTimeoutMs = 10_000;
const stopTimeoutMs = 5_000;

/**
 * REDIS_URL if it is set; else a server found on PATH, started on a free port of 127.0.0.1 and keeping
 * nothing on disk; else, as root on Debian, the package `redis-server` is installed first.
 * @returns {Promise<{ url: string, close: () => Promise<void> }>} `close` stops what was started here
 */
export async function provideRedis() {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, close: async () => {} };
  return startServer(await provideRedisServer());
}

/**
 * The program alone, for tests that start, stop and fail over servers of their own: found on PATH; else,
 * as root on Debian, the package `redis-server` is installed first.
 * @returns {Promise<string>} its path
 */
export async function provideRedisServer() {
  return findServer() ?? (await installServer());
}

function findServer() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = servers.flatMap((name) => folders.map((folder) => join(folder, name)));
  return candidates.find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function installServer() {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    throw new UserError(
      'The tests need the program redis-server or valkey-server. Install it so that it is on PATH\n' +
        '(Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis). To run one command\n' +
        'with a Redis that is there already, REDIS_URL is enough.',
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => run('apt-get', args, { env, quiet: true });
  await mustStep('Installing redis-server', async () => {
    const updated = await apt('update');
    if (updated.code !== 0) return updated;
    // The server alone: Debian would start it as a service on port 6379 too.
    return apt('install', '-y', '--no-install-recommends', 'redis-server');
  });
  const server = findServer();
  if (!server) throw new UserError('apt-get installed redis-server, but it is not on PATH.');
  return server;
}

async function startServer(server) {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'corral-redis-'));
  const args = [
    '--port',
    port,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    dir,
  ];
  const child = spawn(server, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stdout.on('data', (chunk) => (log += chunk));
  child.stderr.on('data', (chunk) => (log += chunk));
  let ended = false;
  const exited = new Promise((resolve) => {
    child.once('error', (error) => resolve((log += error.message)));
    child.once('exit', resolve);
  }).then(() => {
    ended = true;
    rmSync(dir, { recursive: true, force: true });
  });
  const killAtExit = () => {
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  process.once('exit', killAtExit);
  const deadlineMs = performance.now() + startTimeoutMs;
  while (!(await answersPing(port))) {
    if (ended || performance.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new UserError(`${server} did not start:\n${log}`);
    }
    await sleep(20);
  }
  const close = async () => {
    process.off('exit', killAtExit);
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await exited;
    clearTimeout(timer);
  };
  return { url: `redis://127.0.0.1:${port}`, close };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function answersPing(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1', timeout: 1000 });
    const done = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (chunk) => done(chunk.toString().startsWith('+PONG')));
    socket.once('timeout', () => done(false));
    socket.once('error', () => done(false));
  });
}

async function runCli([command, ...args]) {
  const redis = await provideRedis();
  try {
    if (command) {
      const env = { ...process.env, REDIS_URL: redis.url };
      return (await run(command, args, { env })).code;
    }
    say(`REDIS_URL=${redis.url} (Ctrl-C stops it)`);
    const keepAlive = setInterval(() => {}, 60_000);
    await new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
    });
    clearInterval(keepAlive);
    return 0;
  } finally {
    await redis.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(() => runCli(process.argv.slice(2)));
}
