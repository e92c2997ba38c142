// Test process: runs a Redis server as a process of its own, to be stopped, killed and started again.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../free-port.js';

export interface RedisServerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Further settings, such as `{ maxmemory: '2mb' }`; they override those of the helper. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** `sentinel`: as a Sentinel, whose settings come from a file that it rewrites. */
  readonly mode?: 'server' | 'sentinel';
}

/** A Redis server on 127.0.0.1 that keeps nothing on disk. */
export interface RedisServer {
  readonly port: number;
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  /** Its working directory. */
  readonly dir: string;
  /** Sends one command on a connection of its own, and returns the answer. */
  call(command: string, ...args: ReadonlyArray<string | number>): Promise<unknown>;
  /** Stops it where it is (SIGSTOP): connections stay, nobody answers. */
  pause(): void;
  resume(): void;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** After {@link kill}: starts it on the same port, in the same directory. */
  start(): Promise<void>;
  /** Kills it and removes its files. Idempotent. */
  close(): Promise<void>;
}

const running = new Set<ChildProcess>();
// A test runner that gives up must not leave servers behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Resolves when it accepts connections. Needs the program `redis-server` (see scripts/redis.mjs). */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { settings = {}, mode = 'server' } = options;
  const port = options.port ?? (await freePort());
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'corral-redis-'));
  const config = path.join(dir, 'redis.conf');
  fs.writeFileSync(config, configText(mode, { port, dir, ...settings }));
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const args = mode === 'sentinel' ? [config, '--sentinel'] : [config];
    child = spawn(redisProgram(), args, { stdio: ['ignore', 'pipe', 'inherit'] });
    running.add(child);
    await untilReady(child, mode);
    // One that a failed test has left must not keep the test runner from its end, which kills it.
    child.unref();
    (child.stdout as Socket | null)?.unref();
  };
  const kill = async (): Promise<void> => {
    if (child === undefined) return;
    const ending = child;
    child = undefined;
    if (ending.exitCode === null && ending.signalCode === null) {
      ending.ref();
      ending.kill('SIGKILL');
      await once(ending, 'exit');
    }
    running.delete(ending);
  };

  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    dir,
    async call(command, ...args) {
      const client = new Redis({ port, lazyConnect: true, retryStrategy: null });
      try {
        await client.connect();
        return await client.call(command, ...args);
      } finally {
        client.disconnect();
      }
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    kill,
    start,
    async close() {
      await kill();
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };
}

function redisProgram(): string {
  return process.env['CORRAL_REDIS_SERVER'] ?? 'redis-server';
}

function configText(
  mode: 'server' | 'sentinel',
  settings: Readonly<Record<string, string | number>>,
): string {
  const own =
    mode === 'server' ? { save: '""', appendonly: 'no', 'repl-diskless-sync-delay': 0 } : {};
  const all = Object.entries({ bind: '127.0.0.1', ...own, ...settings });
  return all.map(([name, value]) => `${name} ${value}\n`).join('');
}

/** A server says so in its log. */
async function untilReady(child: ChildProcess, mode: 'server' | 'sentinel'): Promise<void> {
  const ready = mode === 'server' ? 'Ready to accept connections' : '+monitor';
  await new Promise<void>((resolve, reject) => {
    let log = '';
    const fail = (error?: Error): void => {
      const hint = 'the tests need the program redis-server; `node scripts/redis.mjs` provides it';
      reject(new Error(`redis-server did not start: ${error?.message ?? log} (${hint})`));
    };
    child.once('error', fail);
    child.once('exit', () => fail());
    // Read to the end: a full pipe would stop the server.
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (log.includes(ready)) return;
      log += text;
      if (log.includes(ready)) resolve();
    });
  });
}
