// A thread: one stage of a pipeline: calls its function for each chunk that comes in, and sends what that
// returns or yields on.
import { once } from 'node:events';
import { receiveChunks, sendChunks } from './chunk-port.js';
import type { Chunk } from './chunk-port.js';
import type { ThreadCall } from './thread-call.js';
import { takeTransfer } from './transfer.js';
import { untilClosed } from './until-closed.js';

type StageFunction = (chunk: unknown) => unknown;

/** Resolves when the input has ended, or when the next stage wants no more. */
export async function runStage(
  stage: StageFunction,
  { input, output, highWaterMark }: Extract<ThreadCall, { kind: 'stage' }>,
): Promise<void> {
  const closed = Promise.all([once(input, 'close'), once(output, 'close')]);
  try {
    const chunks = untilClosed(output, receiveChunks(input, highWaterMark));
    await sendChunks(output, apply(stage, chunks));
  } finally {
    // Also when nothing of it was asked for: the stage before must end, too.
    input.close();
    output.close();
    // A port closes in a turn of the event loop, and between tasks Piscina's threads have none.
    await closed;
  }
}

async function* apply(
  stage: StageFunction,
  chunks: AsyncIterable<unknown>,
): AsyncGenerator<Chunk, void> {
  for await (const chunk of chunks) {
    const returned = await stage(chunk);
    if (isGenerator(returned)) for await (const each of returned) yield takeTransfer(each);
    else yield takeTransfer(returned);
  }
}

/** What a generator function returns; arrays and other collections are values like any. */
function isGenerator(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'next') === 'function' &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}
