// A thread, within Piscina's worker: loads the task module, calls its functions, and says how that ended.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { workerData } from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';
import { toErrorInfo } from '../error-info.js';
import { isThenable } from '../values/thenable.js';
import { RefusedChunk, whereRefused } from './chunk-port.js';
import type { Chunk } from './chunk-port.js';
import { findRefused } from './refused-value.js';
import { becomeTaskThread, takeTransfer } from './transfer.js';
import { runStage } from './pipeline-stage.js';
import { toTaskErrorInfo } from './task-error.js';
import type { ThreadCall, ThreadData, ThreadFailure } from './thread-call.js';

type TaskModule = Readonly<Record<string, unknown>>;
type TaskFunction = (...args: readonly unknown[]) => unknown;

const { moduleUrl } = workerData as ThreadData;
let loaded: TaskModule | undefined;

becomeTaskThread();

/** What Piscina calls. Throws or rejects with a {@link ThreadFailure}. */
export function runInThread(call: ThreadCall): unknown {
  return loaded === undefined ? loadAndRun(call) : run(loaded, call);
}

async function loadAndRun(call: ThreadCall): Promise<unknown> {
  loaded = await loadModule();
  return await run(loaded, call);
}

function run(module: TaskModule, call: ThreadCall): unknown {
  switch (call.kind) {
    case 'load':
      return undefined;
    case 'call': {
      const task = functionOf(module, call.name);
      let returned: unknown;
      let isAsync: boolean;
      try {
        returned = task(...call.args);
        isAsync = isThenable(returned);
      } catch (thrown) {
        throw failure({ failed: 'task', error: toTaskErrorInfo(thrown) });
      }
      // Not for values: a promise more for every call.
      return isAsync ? settle(returned as PromiseLike<unknown>) : toResult(returned);
    }
    case 'stage':
      return beStage(functionOf(module, call.name), call);
    default:
      return call satisfies never;
  }
}

async function settle(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (thrown) {
    throw failure({ failed: 'task', error: toTaskErrorInfo(thrown) });
  }
  return toResult(value);
}

async function beStage(
  task: TaskFunction,
  call: Extract<ThreadCall, { readonly kind: 'stage' }>,
): Promise<void> {
  try {
    await runStage(task, call);
  } catch (thrown) {
    if (thrown instanceof RefusedChunk) throw failure({ failed: 'result', ...thrown.where });
    throw failure({ failed: 'task', error: toTaskErrorInfo(thrown) });
  }
}

async function loadModule(): Promise<TaskModule> {
  try {
    return await importModule();
  } catch (thrown) {
    throw failure({ failed: 'module', error: toErrorInfo(thrown) });
  }
}

async function importModule(): Promise<TaskModule> {
  try {
    return (await import(moduleUrl)) as TaskModule;
  } catch (thrown) {
    if (toErrorInfo(thrown).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw thrown;
    // In threads of Node.js 20 and early 22, loaders such as tsx can reach require() only.
    try {
      return createRequire(moduleUrl)(fileURLToPath(moduleUrl)) as TaskModule;
    } catch (required) {
      throw required instanceof SyntaxError ? thrown : required;
    }
  }
}

function functionOf(module: TaskModule, name: string): TaskFunction {
  const found = Object.hasOwn(module, name) ? module[name] : undefined;
  if (typeof found !== 'function') {
    throw failure({ failed: 'function', exported: Object.keys(module) });
  }
  return found as TaskFunction;
}

/** Checked here, as a result that cannot be cloned would take the whole thread down in Piscina's hands. */
function toResult(returned: unknown): unknown {
  const { value, transfer } = takeTransfer(returned);
  const refused = findRefused(value, transfer);
  if (refused !== undefined) throw failure({ failed: 'result', ...refused });
  if (transfer.length === 0) return value;
  return moving(value, transfer);
}

/**
 * Piscina's mark for what moves is a symbol of its own. Loaded by threads that need it, and once.
 *
 * What cannot move takes the thread down in Piscina's hands, too, and only moving tells: so it moves here
 * first. Memory does not become slower to move by that, and beside it there is little.
 */
async function moving(value: unknown, transfer: readonly Transferable[]): Promise<unknown> {
  const moved = moveHere({ value, transfer });
  const { move, transferableSymbol, valueSymbol } = await import('piscina');
  return move({ [transferableSymbol]: moved.transfer, [valueSymbol]: moved.value } as never);
}

function moveHere(chunk: Chunk): Chunk {
  try {
    return structuredClone(chunk, { transfer: [...chunk.transfer] as never[] });
  } catch (error) {
    throw failure({ failed: 'result', ...whereRefused(chunk, error as Error) });
  }
}

/** Not an error: a plain object is how the process tells a failed call from a crashed thread. */
function failure(what: ThreadFailure): Error {
  return what as unknown as Error;
}
