// Primary: which program the workers run: this one, as it is on disk now.
import fs from 'node:fs';
import path from 'node:path';
import { noEntryScript } from '../errors.js';
import { readEnvFiles } from '../env-files.js';

/** What node:cluster is to start. */
export interface LaunchProgram {
  readonly exec: string;
  readonly args: string[];
  readonly execArgv: string[];
  readonly cwd: string;
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface OwnProgramOptions {
  /** See {@link BootstrapOptions.envFiles}. */
  readonly envFiles: readonly string[];
  readonly threadPoolSize: number | undefined;
}

/**
 * Looks at how this process was started, and returns a function that tells what to start now.
 *
 * A deploy often switches a symlink (`current` → `releases/42`) that the process was started in. The
 * kernel has resolved it by then, but the shell's PWD still names it, so the link is followed again at
 * every start.
 *
 * @throws {CorralError} `NO_ENTRY_SCRIPT`
 */
export function ownProgram(
  { envFiles, threadPoolSize }: OwnProgramOptions,
  env: NodeJS.ProcessEnv = process.env,
): () => LaunchProgram {
  const script = process.argv[1];
  // A dash stands for stdin.
  if (script === undefined || script === '-') throw noEntryScript();
  const startCwd = process.cwd();
  const logicalCwd = env['PWD'];
  const isLinked =
    logicalCwd !== undefined &&
    logicalCwd !== startCwd &&
    path.isAbsolute(logicalCwd) &&
    resolveLink(logicalCwd) === startCwd;
  const fromCwd = path.relative(startCwd, script);
  const isInside = !fromCwd.startsWith('..') && !path.isAbsolute(fromCwd);

  return () => {
    const linkedCwd = isLinked ? resolveLink(logicalCwd) : undefined;
    const cwd = linkedCwd ?? process.cwd();
    return {
      exec: linkedCwd !== undefined && isInside ? path.join(linkedCwd, fromCwd) : script,
      args: process.argv.slice(2),
      execArgv: process.execArgv,
      cwd,
      env: {
        ...readEnvFiles(envFiles, cwd, env),
        ...(threadPoolSize === undefined ? {} : { UV_THREADPOOL_SIZE: String(threadPoolSize) }),
      },
    };
  };
}

function resolveLink(directory: string): string | undefined {
  try {
    return fs.realpathSync(directory);
  } catch {
    return undefined;
  }
}
