// A thread, in the app's task modules: says what of a result moves to the caller instead of being copied.
import * as threads from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';

// A global registry symbol: the task module may have another copy of this package.
const TRANSFER = Symbol.for('corral.transfer');

interface Marked {
  readonly [TRANSFER]: readonly Transferable[];
  readonly value: unknown;
}

/**
 * For the return value of a task function, and for what a pipeline's stage yields: moves `list`, such as
 * a buffer's memory, to the caller instead of copying it. Outside of a thread, it only returns `value`.
 *
 * ```ts
 * export function decode(png: Uint8Array): Image {
 *   const image = read(png);
 *   return transfer(image, [image.pixels.buffer]);
 * }
 * ```
 */
export function transfer<T>(value: T, list: readonly Transferable[]): T {
  if (!isTaskThread()) return value;
  // Taken apart by the thread before the caller sees it.
  return { [TRANSFER]: list, value } satisfies Marked as T;
}

/** What is to be sent, and what of it moves. */
export function takeTransfer(result: unknown): {
  readonly value: unknown;
  readonly transfer: readonly Transferable[];
} {
  if (typeof result !== 'object' || result === null || !(TRANSFER in result)) {
    return { value: result, transfer: [] };
  }
  const { [TRANSFER]: list, value } = result as Marked;
  return { value, transfer: [...new Set(list)].filter((each) => !isPooled(each)) };
}

/** Memory that others use, too, such as that of small Buffers: it is copied. Node.js 20 does so by itself. */
function isPooled(memory: Transferable): boolean {
  const { isMarkedAsUntransferable: isMarked } = threads as Partial<typeof threads>;
  return isMarked?.(memory) === true;
}

const THREAD = Symbol.for('corral.taskThread');
const registry = globalThis as { [THREAD]?: true };

function isTaskThread(): boolean {
  return registry[THREAD] === true;
}

/** Called at the start of a thread. */
export function becomeTaskThread(): void {
  registry[THREAD] = true;
}
