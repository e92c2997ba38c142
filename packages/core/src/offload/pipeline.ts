// Any process: lets data flow through functions of task modules, from thread to thread.
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { invalidArgument } from '../errors.js';
import { offloadUncloneable } from '../offload-errors.js';
import { receiveChunks, RefusedChunk, sendChunks } from './chunk-port.js';
import type { Chunk } from './chunk-port.js';
import type { OffloadedFunction } from './offload.js';
import { submitCalls } from './offload-call.js';
import { resolveCallOptions } from './offload-options.js';
import type { ResolvedCallOptions } from './offload-options.js';
import { stageOf } from './task-proxy.js';
import type { Stage } from './task-proxy.js';
import type { PreparedCall } from './task-module.js';
import type { ThreadCall } from './thread-call.js';
import { untilClosed } from './until-closed.js';
import type { Values } from './until-closed.js';

/** What a run of a pipeline may set. All are optional. */
export interface PipelineOptions {
  /** Ends the run: it rejects with `OFFLOAD_ABORTED`, and the threads of its stages are terminated. */
  readonly signal?: AbortSignal;
  /** How long the whole run may take once it has its threads, in ms. Default: as long as its input lasts. */
  readonly timeoutMs?: number;
  /** How long it may wait for its threads, in ms. Default: that of the first stage's module. */
  readonly queueTimeoutMs?: number;
  /** Higher ones get their threads first. Default 0. */
  readonly priority?: number;
  /** How many chunks may wait before each stage, at least 1: less memory, or fewer pauses. Default 8. */
  readonly highWaterMark?: number;
}

/** What a stage hands on: what its function returns, or each value that its generator yields. */
type Output<Result> =
  Result extends Generator<infer Item, unknown, unknown>
    ? Item
    : Result extends AsyncGenerator<infer Item, unknown, unknown>
      ? Item
      : Result;

type AnyStage<In, Out> = OffloadedFunction<[input: In], Out>;

/**
 * Takes inputs, and yields what comes out of the last stage, in the same order. Leaving the loop early
 * ends the stages.
 */
export type Pipeline<In, Out> = (
  inputs: Iterable<In> | AsyncIterable<In>,
  options?: PipelineOptions,
) => AsyncGenerator<Output<Out>, void>;

/**
 * Connects functions of task modules: each has a thread of its own, all work at the same time, and what
 * one returns goes to the next one's thread directly, not through this one. A stage waits while the next
 * has enough, the first one's input is not read meanwhile, and the last waits for who reads the results.
 *
 * ```ts
 * const thumbnails = pipeline(codec.decode, filters.shrink);
 * for await (const thumbnail of thumbnails(files)) …
 * ```
 *
 * A function may be a generator, and hand on several values, or none, for one input. A run counts as as
 * many running threads as it has stages, and begins when there are so many: with a smaller grant, alone. One
 * call of the process may always run beside pipelines.
 *
 * @throws {CorralError} `INVALID_ARGUMENT`. A run rejects as a call does, with the error of the stage
 *   that failed.
 */
export function pipeline<A, B, C>(
  first: AnyStage<A, B>,
  second: AnyStage<Output<B>, C>,
): Pipeline<A, C>;
export function pipeline<A, B, C, D>(
  first: AnyStage<A, B>,
  second: AnyStage<Output<B>, C>,
  third: AnyStage<Output<C>, D>,
): Pipeline<A, D>;
export function pipeline<A, B, C, D, E>(
  first: AnyStage<A, B>,
  second: AnyStage<Output<B>, C>,
  third: AnyStage<Output<C>, D>,
  fourth: AnyStage<Output<D>, E>,
): Pipeline<A, E>;
export function pipeline(...functions: readonly unknown[]): Pipeline<unknown, unknown> {
  const [first, ...others] = functions.map(stageOf);
  if (first === undefined || others.length === 0) {
    throw invalidArgument('pipeline(…)', functions.length, 'two functions or more');
  }
  return (inputs, options = {}) => {
    const { highWaterMark = 8, ...callOptions } = options;
    if (!Number.isSafeInteger(highWaterMark) || highWaterMark < 1) {
      throw invalidArgument('highWaterMark', highWaterMark, 'a whole number, at least 1');
    }
    const { queueTimeoutMs } = first.module.options;
    const defaults = { timeoutMs: Infinity, queueTimeoutMs, transfer: [], priority: 0 };
    return run(
      [first, ...others],
      inputs,
      highWaterMark,
      resolveCallOptions(callOptions, defaults),
    );
  };
}

async function* run(
  stages: readonly [Stage, ...Stage[]],
  inputs: Values,
  highWaterMark: number,
  options: ResolvedCallOptions,
): AsyncGenerator<unknown, void> {
  // All before the first is prepared: its module would wait for it until the end.
  for (const { module, name } of stages) module.refuseWhenClosed(name);
  const entry = new MessageChannel();
  let { port2: input } = entry;
  const stagePorts: MessagePort[] = [];
  const prepareStage = ({ module, name }: Stage): PreparedCall => {
    const { port1: output, port2: nextInput } = new MessageChannel();
    const thread: ThreadCall = { kind: 'stage', name, input, output, highWaterMark };
    const transfer = [input, output];
    stagePorts.push(...transfer);
    input = nextInput;
    return module.prepare(name, thread, transfer);
  };
  const [firstStage, ...others] = stages;
  const first = prepareStage(firstStage);
  const calls: readonly [PreparedCall, ...PreparedCall[]] = [first, ...others.map(prepareStage)];
  const ends = Promise.allSettled(calls.map(({ result }) => result));
  // One that never gets a thread leaves its ports here, open, and the others waiting.
  const closeUnsent = (): void => {
    for (const port of stagePorts) port.close();
  };
  for (const { result } of calls) result.catch(closeUnsent);

  const fed = sendChunks(entry.port1, toChunks(untilClosed(entry.port1, inputs))).catch(
    (thrown: unknown) => {
      if (!(thrown instanceof RefusedChunk)) throw thrown;
      throw offloadUncloneable(first.parts.label, 'the input', thrown.where, thrown.cause);
    },
  );
  // Told to the stages as well, and looked at when those have ended.
  fed.catch(() => undefined);
  const results = receiveChunks(input, highWaterMark);
  submitCalls([first.parts, ...calls.slice(1).map(({ parts }) => parts)], options);
  try {
    yield* results;
  } catch (thrown) {
    throw await reasonOf(fed, ends, thrown);
  } finally {
    entry.port1.close();
    input.close();
    // The stages see their neighbours go, one after the other.
    await ends;
  }
}

/** Of the errors that follow from each other, the one that was first in the direction of the flow. */
async function reasonOf(
  fed: Promise<void>,
  ends: Promise<readonly PromiseSettledResult<unknown>[]>,
  last: unknown,
): Promise<unknown> {
  const failed = (await ends).find((end) => end.status === 'rejected');
  const inputError = await fed.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  return inputError === undefined ? (failed?.reason ?? last) : inputError.error;
}

async function* toChunks(inputs: AsyncIterable<unknown>): AsyncGenerator<Chunk, void> {
  for await (const value of inputs) yield { value, transfer: [] };
}
