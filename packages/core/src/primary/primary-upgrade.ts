// Primary: starts the primary that is to succeed this one, and waits until it serves.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { shuttingDown, upgradeFailed } from '../errors.js';
import { bequeath } from './inheritance.js';
import type { InheritedListener } from './inheritance.js';
import type { LaunchProgram } from './launch-program.js';

/** What the two primaries say to each other; anything else on the channel is not theirs. */
const SUCCESSOR_READY = { corralUpgrade: 'successor-ready' } as const;
const PREDECESSOR_DONE = { corralUpgrade: 'predecessor-released' } as const;

export interface UpgradePlan {
  readonly program: LaunchProgram;
  /** The Node.js binary to run it with. */
  readonly execPath: string;
  readonly generation: number;
  readonly listeners: readonly InheritedListener[];
  readonly timeoutMs: number;
  /** Aborted when this primary shuts down: nobody is to succeed it then. */
  readonly stopping: AbortSignal;
}

export interface Successor {
  readonly pid: number;
  /** Tells it that what can belong to only one process (the admin port) is free now. */
  release(): void;
}

/**
 * Resolves when the new primary's workers are ready. Until then nothing has changed here.
 *
 * @throws {CorralError} `UPGRADE_FAILED`; the new process is gone then
 */
export async function startSuccessor(plan: UpgradePlan): Promise<Successor> {
  const { program, execPath, generation, listeners, timeoutMs, stopping } = plan;
  const { fds, env } = bequeath(generation, listeners);
  const child = spawn(execPath, [...program.execArgv, program.exec, ...program.args], {
    cwd: program.cwd,
    env: { ...process.env, ...env },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...fds],
    // It is to outlive this process and its terminal.
    detached: true,
  });
  await successorReady(child, timeoutMs, stopping);
  child.unref();
  return {
    pid: child.pid ?? 0,
    release() {
      // With a callback: a successor that has gone meanwhile is no error of ours any more.
      child.send(PREDECESSOR_DONE, () => child.disconnect());
    },
  };
}

async function successorReady(
  child: ChildProcess,
  timeoutMs: number,
  stopping: AbortSignal,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settled = (): void => {
      clearTimeout(timer);
      stopping.removeEventListener('abort', onStopping);
    };
    const end = (error: Error): void => {
      settled();
      child.kill('SIGKILL');
      reject(error);
    };
    const fail = (why: string, cause?: unknown): void => end(upgradeFailed(why, cause));
    const timer = setTimeout(() => {
      fail(`the new primary was not ready within ${timeoutMs} ms`);
    }, timeoutMs);
    const onStopping = (): void => end(shuttingDown('cluster.upgrade()'));
    stopping.addEventListener('abort', onStopping);
    child.on('error', (error) => fail('the new primary could not be started', error));
    child.on('exit', (code, signal) => {
      fail(`the new primary ended (${signal ?? `code ${code}`}) before it was ready`);
    });
    child.on('message', (message) => {
      if (!isSaying(message, SUCCESSOR_READY)) return;
      settled();
      child.removeAllListeners('exit');
      resolve();
    });
  });
}

/** In the new primary: says that it serves, and resolves when the old one has let go, or has gone. */
export async function succeed(): Promise<void> {
  // One that has died meanwhile has let go of everything.
  if (!process.connected || process.send === undefined) return;
  const released = new Promise<void>((resolve) => {
    process.on('message', (message) => {
      if (isSaying(message, PREDECESSOR_DONE)) resolve();
    });
    process.once('disconnect', () => resolve());
  });
  // With a callback, a predecessor that dies at this moment is no 'error' event.
  process.send(SUCCESSOR_READY, undefined, undefined, () => undefined);
  await released;
}

function isSaying(message: unknown, wanted: { readonly corralUpgrade: string }): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    Reflect.get(message, 'corralUpgrade') === wanted.corralUpgrade
  );
}
