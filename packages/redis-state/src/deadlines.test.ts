// Deadlines of many calls with one timer.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDeadlines } from './deadlines.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await nextTurn();
}

test('every item is over at its own time, and not before', async () => {
  const over: string[] = [];
  const deadlines = createDeadlines<string>(100, (item) => over.push(item));
  deadlines.add('first');
  await pass(60);
  deadlines.add('second');
  await pass(39);
  expect(over).toEqual([]);
  await pass(1);
  expect(over).toEqual(['first']);
  await pass(59);
  expect(over).toEqual(['first']);
  await pass(1);
  expect(over).toEqual(['first', 'second']);
});

test('what is deleted is never over', async () => {
  const over: string[] = [];
  const deadlines = createDeadlines<string>(100, (item) => over.push(item));
  deadlines.add('done');
  deadlines.delete('done');
  await pass(1_000);
  deadlines.add('later');
  expect([...deadlines.items()]).toEqual(['later']);
  await pass(99);
  expect(over).toEqual([]);
  await pass(1);
  expect(over).toEqual(['later']);
});

test('what was answered while the process was blocked is not over', async (context) => {
  vi.useRealTimers();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [peer] = (await once(server, 'connection')) as [Socket];
  context.onTestFinished(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  const over: string[] = [];
  const deadlines = createDeadlines<string>(30, (item) => over.push(item));
  socket.once('data', () => deadlines.delete('answered'));
  deadlines.add('answered');
  deadlines.add('unanswered');
  peer.write('answer');
  for (const endMs = performance.now() + 60; performance.now() < endMs;);
  await vi.waitFor(() => expect(over).toContain('unanswered'));
  expect(over).toEqual(['unanswered']);
});
