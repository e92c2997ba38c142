// Which calls go as one command to one server.
import { expect, test } from 'vitest';
import type { RedisConnection, Sending } from './connection.js';
import { createKeyCalls } from './key-calls.js';
import type { KeyCalls } from './key-calls.js';
import { MAX_BYTES, MAX_OPERATIONS, scriptOperation } from './key-operations.js';

interface Recorded {
  readonly calls: KeyCalls;
  /** What was started and is not answered. */
  readonly started: Array<Sending<readonly unknown[]>>;
}

function record(room = Infinity): Recorded {
  const started: Recorded['started'] = [];
  let entered = 0;
  const connection: Pick<RedisConnection, 'enter' | 'start' | 'isCluster'> = {
    isCluster: false,
    enter: () => (++entered > room ? (name) => new Error(`${name}: no room`) : undefined),
    start: (sending) => void started.push(sending as unknown as Sending<readonly unknown[]>),
  };
  return { calls: createKeyCalls(connection as RedisConnection), started };
}

function increments({ calls }: Recorded, count: number, key = 'key'): Array<Promise<unknown>> {
  return Array.from({ length: count }, () => calls.call(scriptOperation('increment', key)));
}

async function endOfTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('calls of one turn go as one, and each gets its own answer', async () => {
  const recorded = record();
  const calls = increments(recorded, 3);
  await endOfTurn();
  expect(recorded.started.map((sending) => sending.calls)).toEqual([3]);
  recorded.started[0]?.onAnswer(['a', new Error('refused'), 'c']);
  expect(await Promise.allSettled(calls)).toMatchObject([
    { value: 'a' },
    { reason: { code: 'STATE_UNAVAILABLE', message: expect.stringMatching(/^increment: /) } },
    { value: 'c' },
  ]);
});

test('each fails under its own name', async () => {
  const { calls, started } = record();
  const both = [
    calls.call(scriptOperation('increment', 'a')),
    calls.call(scriptOperation('compareAndSet', 'b')),
  ];
  await endOfTurn();
  started[0]?.onFailure((name) => new Error(`${name}: lost`));
  expect(await Promise.allSettled(both)).toMatchObject([
    { reason: { message: 'increment: lost' } },
    { reason: { message: 'compareAndSet: lost' } },
  ]);
});

test('a call that comes alone does not wait for the end of the turn', async () => {
  const recorded = record();
  void increments(recorded, 1);
  await Promise.resolve();
  await new Promise((resolve) => process.nextTick(resolve));
  expect(recorded.started).toHaveLength(1);
});

test('what is sent next comes after what waits', () => {
  const recorded = record();
  void increments(recorded, 2);
  recorded.calls.flush();
  recorded.calls.flush();
  expect(recorded.started.map((sending) => sending.calls)).toEqual([2]);
});

test('a command has no more than it can', () => {
  const recorded = record();
  void increments(recorded, 2 * MAX_OPERATIONS);
  expect(recorded.started.map((sending) => sending.calls)).toEqual([
    MAX_OPERATIONS,
    MAX_OPERATIONS,
  ]);
  void increments(recorded, 2, 'k'.repeat(MAX_BYTES / 2));
  expect(recorded.started).toHaveLength(3);
});

test('where values are large, a command has fewer, until they are small again', async () => {
  const recorded = record();
  const answer = async (value: Buffer): Promise<void> => {
    recorded.calls.flush();
    for (const { calls, onAnswer } of recorded.started.splice(0)) {
      onAnswer(Array.from({ length: calls }, () => [value, -1]));
    }
    await endOfTurn();
  };
  void increments(recorded, 4);
  await answer(Buffer.alloc(MAX_BYTES / 2));
  void increments(recorded, 4);
  expect(recorded.started.map((sending) => sending.calls)).toEqual([2, 2]);
  await answer(Buffer.alloc(10 * MAX_BYTES));
  void increments(recorded, 2);
  expect(recorded.started.map((sending) => sending.calls)).toEqual([1, 1]);
  // Writes say nothing of it.
  for (const { onAnswer } of recorded.started.splice(0)) onAnswer([1]);
  for (const expected of [1, 4, 16, MAX_OPERATIONS]) {
    void increments(recorded, expected);
    expect(recorded.started.map((sending) => sending.calls)).toEqual([expected]);
    await answer(Buffer.alloc(1));
  }
});

test('what there is no room for is refused at once, and the others go', async () => {
  const recorded = record(2);
  const [, , third] = increments(recorded, 3);
  await expect(third).rejects.toThrow('increment: no room');
  await endOfTurn();
  expect(recorded.started.map((sending) => sending.calls)).toEqual([2]);
});
