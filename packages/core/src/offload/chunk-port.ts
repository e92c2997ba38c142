// Both ends of a pipeline's channel, in threads and in the process: chunks go one way, credit the other,
// so that no more of them are on their way than the receiver has agreed to.
import { once } from 'node:events';
import type { MessagePort, Transferable } from 'node:worker_threads';
import { findRefused } from './refused-value.js';
import type { RefusedValue } from './refused-value.js';
import { toTaskErrorInfo } from './task-error.js';
import type { TaskErrorInfo } from './thread-call.js';

/** From the sender. */
type Forward =
  | { readonly chunk: unknown }
  | { readonly end: true }
  /** Undefined, put in by the receiver itself: the sender has gone without a word. */
  | { readonly failure: TaskErrorInfo | undefined };

/** From the receiver: so many more may come. */
interface Credit {
  readonly credit: number;
}

export interface Chunk {
  readonly value: unknown;
  /** What of it moves instead of being copied. */
  readonly transfer: readonly Transferable[];
}

/** A stage's error, as the next one sees it, to be handed on as it is. */
class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly info: TaskErrorInfo | undefined;

  /** @param info undefined when the stage has gone without a word */
  constructor(info: TaskErrorInfo | undefined) {
    super(info?.message ?? 'the stage before this one has ended in the middle of its work');
    this.info = info;
  }
}

/** A chunk that cannot be passed between threads. */
export class RefusedChunk extends Error {
  override readonly name = 'RefusedChunk';
  readonly where: RefusedValue;

  constructor(chunk: Chunk, cause: Error) {
    super(cause.message, { cause });
    // Looked for only now: chunks that can be cloned do not pay for it.
    this.where = whereRefused(chunk, cause);
  }
}

/** @param cause what Node.js says of it */
export function whereRefused({ value, transfer }: Chunk, cause: Error): RefusedValue {
  return findRefused(value, transfer) ?? { path: '', what: `refused: ${cause.message}` };
}

/**
 * Sends chunks while the receiver takes them; resolves when all are sent, or when the receiver wants no
 * more.
 *
 * @throws what `chunks` throws, or a {@link RefusedChunk}, after having told the receiver
 */
export async function sendChunks(port: MessagePort, chunks: AsyncIterable<Chunk>): Promise<void> {
  let credit = 0;
  let isOpen = true;
  const wake = new EventTarget();
  const changed = (): void => void wake.dispatchEvent(new Event('changed'));
  port.on('message', (message: Credit) => {
    credit += message.credit;
    changed();
  });
  port.once('close', () => {
    isOpen = false;
    changed();
  });
  const post = (message: Forward, transfer: readonly Transferable[] = []): void => {
    if (isOpen) port.postMessage(message, transfer);
  };
  const postChunk = (chunk: Chunk): void => {
    try {
      post({ chunk: chunk.value }, chunk.transfer);
    } catch (error) {
      throw new RefusedChunk(chunk, error as Error);
    }
  };
  /** False when the receiver wants no more. */
  const mayGoOn = async (): Promise<boolean> => {
    while (isOpen && credit === 0) await once(wake, 'changed');
    return isOpen;
  };

  try {
    // Before the first is made, so that nothing is begun that nobody wants yet.
    if (await mayGoOn()) {
      for await (const chunk of chunks) {
        credit -= 1;
        postChunk(chunk);
        if (!(await mayGoOn())) break;
      }
    }
    post({ end: true });
  } catch (thrown) {
    // An earlier stage's error is handed on as that stage has thrown it.
    post({ failure: thrown instanceof UpstreamError ? thrown.info : toTaskErrorInfo(thrown) });
    throw thrown;
  } finally {
    port.close();
  }
}

/**
 * Yields what the sender sends, and asks for more as it is used up. Leaving the loop ends the sender.
 *
 * @param highWaterMark how many chunks may be on their way or wait here
 * @throws {UpstreamError} what the sender failed with, or that it has gone
 */
export function receiveChunks(
  port: MessagePort,
  highWaterMark: number,
): AsyncGenerator<unknown, void> {
  const received: Forward[] = [];
  let wake = (): void => undefined;
  const arrived = (message: Forward): void => {
    received.push(message);
    wake();
  };
  // Not only when the first chunk is asked for: the sender could have gone by then, unheard.
  port.on('message', arrived);
  port.once('close', () => arrived({ failure: undefined }));

  async function* take(): AsyncGenerator<unknown, void> {
    try {
      port.postMessage({ credit: highWaterMark } satisfies Credit);
      let used = 0;
      for (;;) {
        const next = received.shift();
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else if ('end' in next) {
          return;
        } else if ('failure' in next) {
          throw new UpstreamError(next.failure);
        } else {
          yield next.chunk;
          used += 1;
          // Not for each: a message costs about what a small chunk does.
          if (used * 2 >= highWaterMark) {
            port.postMessage({ credit: used } satisfies Credit);
            used = 0;
          }
        }
      }
    } finally {
      port.close();
    }
  }
  return take();
}
