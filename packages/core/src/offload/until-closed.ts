// Any process and its task threads: reads on only as long as somebody takes what comes of it.
import type { MessagePort } from 'node:worker_threads';

export type Values = Iterable<unknown> | AsyncIterable<unknown>;

/**
 * Yields the values, and ends when the port closes, also in the middle of a wait for the next one: that
 * wait may never end. Their iterator is told to end then, and waited for only when it has nothing to do.
 */
export function untilClosed(port: MessagePort, values: Values): AsyncIterable<unknown> {
  let isOpen = true;
  let wake = (): void => undefined;
  // Not only when the first value is asked for: the port could have closed by then, unheard.
  port.once('close', () => {
    isOpen = false;
    wake();
  });
  return {
    [Symbol.asyncIterator]() {
      const iterator = iteratorOf(values);
      const end = async (): Promise<IteratorReturnResult<undefined>> => {
        await iterator.return?.();
        return { done: true, value: undefined };
      };
      return {
        async next() {
          // No race with one promise for all: each of its turns would leave something there.
          const next = await new Promise<IteratorResult<unknown> | undefined>((resolve, reject) => {
            wake = () => resolve(undefined);
            if (isOpen) Promise.resolve(iterator.next()).then(resolve, reject);
            else wake();
          });
          if (next !== undefined) return next;
          end().catch(() => undefined);
          return { done: true, value: undefined };
        },
        return: end,
      };
    },
  };
}

function iteratorOf(values: Values): AsyncIterator<unknown> {
  return (isAsync(values) ? values : toAsync(values))[Symbol.asyncIterator]();
}

function isAsync(values: Values): values is AsyncIterable<unknown> {
  return Symbol.asyncIterator in Object(values);
}

async function* toAsync(values: Iterable<unknown>): AsyncGenerator<unknown, void> {
  for (const value of values) yield value;
}
