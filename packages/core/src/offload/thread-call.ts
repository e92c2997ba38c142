// Both sides of a thread: what a process asks of its threads, and how they say that it failed.
import type { MessagePort } from 'node:worker_threads';
import type { WorkerErrorInfo } from '../cluster.js';

/** What a thread gets to know at its start. */
export interface ThreadData {
  /** The task module, as a `file:` URL. */
  readonly moduleUrl: string;
}

export type ThreadCall =
  /** Load the module, so that the next call finds it. */
  | { readonly kind: 'load' }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly unknown[] }
  /** Be a stage of a pipeline until its input ends. */
  | {
      readonly kind: 'stage';
      readonly name: string;
      readonly input: MessagePort;
      readonly output: MessagePort;
      /** How many chunks may be on their way to the next stage. */
      readonly highWaterMark: number;
    };

/** An error of a task function, with what structured clone would drop from it. */
export interface TaskErrorInfo extends WorkerErrorInfo {
  /** Its own members that are primitives, such as a `statusCode`. */
  readonly members: Readonly<Record<string, unknown>>;
}

/**
 * What a call in a thread rejects with. A thread that crashes rejects with an error instead: by that
 * the two are told apart.
 */
export type ThreadFailure =
  | { readonly failed: 'task'; readonly error: TaskErrorInfo }
  | { readonly failed: 'module'; readonly error: WorkerErrorInfo }
  | { readonly failed: 'function'; readonly exported: readonly string[] }
  /** The result cannot be cloned; where in it, and what is there. */
  | { readonly failed: 'result'; readonly path: string; readonly what: string };

export function isThreadFailure(rejection: unknown): rejection is ThreadFailure {
  return typeof rejection === 'object' && rejection !== null && 'failed' in rejection;
}
