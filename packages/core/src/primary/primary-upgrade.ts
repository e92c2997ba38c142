// Primary: starts the primary that is to succeed this one, and hands over to it when it serves.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { shuttingDown, upgradeFailed } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ConfigService } from '../central/config-service.js';
import { bequeath } from './inheritance.js';
import type { InheritedListener, InheritedWorkers } from './inheritance.js';
import type { LaunchProgram } from './launch-program.js';
import type { EmbeddedState } from './primary-state.js';
import { createStateGiver } from './state-move.js';
import { createUpgradeLink } from './upgrade-link.js';

/** A successor that says nothing for so long while all calls of the state wait for it has failed. */
const MOVE_SILENCE_MS = 5_000;

export interface UpgradePlan {
  readonly program: LaunchProgram;
  /** The Node.js binary to run it with. */
  readonly execPath: string;
  readonly generation: number;
  readonly workers: InheritedWorkers;
  readonly listeners: readonly InheritedListener[];
  readonly state: EmbeddedState | undefined;
  readonly config: Pick<ConfigService, 'bequest' | 'handOver' | 'keep'> | undefined;
  readonly timeoutMs: number;
  /** Aborted when this primary shuts down: nobody is to succeed it then. */
  readonly stopping: AbortSignal;
  readonly logger: Logger;
}

export interface Successor {
  readonly pid: number;
  /** Tells it that what can belong to only one process (the admin port) is free now. */
  release(): void;
}

/**
 * Resolves when the new primary's workers are ready and the state is there. Until then nothing has changed
 * here; afterwards this process's workers reach the state through it.
 *
 * @throws {CorralError} `UPGRADE_FAILED`; the new process is gone then
 */
export async function startSuccessor(plan: UpgradePlan): Promise<Successor> {
  const { program, execPath, config, stopping } = plan;
  const { fds, env } = bequeath(plan.generation, plan.workers, plan.listeners);
  const child = spawn(execPath, [...program.execArgv, program.exec, ...program.args], {
    cwd: program.cwd,
    env: { ...process.env, ...env },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...fds],
    // As between primary and workers: the state is in it.
    serialization: 'advanced',
    // It is to outlive this process and its terminal.
    detached: true,
  });
  const link = createUpgradeLink(child, plan.logger);
  const state = plan.state && createStateGiver(plan.state, link);
  const watch = watchSuccessor(child, stopping);

  /** Nothing more is done once the successor has failed. */
  const unlessFailed = async <T>(step: Promise<T>): Promise<T> =>
    await Promise.race([step, watch.failed]);
  const handOver = async (): Promise<void> => {
    const ready = link.next('ready');
    link.on(
      'hello',
      () =>
        void link.send({
          type: 'welcome',
          hasState: state !== undefined,
          ...(config && { config: config.bequest() }),
        }),
    );
    watch.expect('was not ready', plan.timeoutMs);
    const { wantsState } = await unlessFailed(ready);
    watch.expectNothing();
    // First: an update that is under way can take its time.
    const lastConfig = config && (await unlessFailed(config.handOver()));
    if (state !== undefined && wantsState) {
      const expectProgress = (): void =>
        watch.expect('did not take the state over', MOVE_SILENCE_MS);
      expectProgress();
      await unlessFailed(state.give(expectProgress));
    }
    link.send({ type: 'yours', ...(lastConfig && { config: lastConfig }) });
    if (wantsState) state?.given();
  };

  try {
    await handOver();
  } catch (error) {
    child.kill('SIGKILL');
    link.end();
    state?.keep();
    void config?.keep();
    throw error;
  } finally {
    watch.end();
  }
  child.unref();
  return { pid: child.pid ?? 0, release: () => void link.send({ type: 'released' }) };
}

interface SuccessorWatch {
  /** Rejects when the successor has failed, or is not wanted any more. */
  readonly failed: Promise<never>;
  /** It has failed when it is not told otherwise within this time. */
  expect(what: string, withinMs: number): void;
  expectNothing(): void;
  end(): void;
}

function watchSuccessor(child: ChildProcess, stopping: AbortSignal): SuccessorWatch {
  let fail: (error: Error) => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const failBecause = (why: string, cause?: unknown): void => fail(upgradeFailed(why, cause));
  const onStopping = (): void => fail(shuttingDown('cluster.upgrade()'));
  const onExit = (code: number | null, signal: string | null): void =>
    failBecause(`the new primary ended (${signal ?? `code ${code}`}) before it was ready`);
  stopping.addEventListener('abort', onStopping);
  child.on('error', (error) => failBecause('the new primary could not be started', error));
  child.on('exit', onExit);
  const expectNothing = (): void => clearTimeout(timer);

  return {
    failed,
    expect(what, withinMs) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        failBecause(`the new primary ${what} within ${withinMs} ms`);
      }, withinMs);
    },
    expectNothing,
    end() {
      expectNothing();
      stopping.removeEventListener('abort', onStopping);
      child.removeListener('exit', onExit);
    },
  };
}
