// Process tests: the app's messages between the primary and its workers, over real channels.
import { expect, test } from 'vitest';
import { call, pidsOf, start, statusOf } from './support.js';
import type { CallOutcome } from './support.js';

test('workers and primary ask each other; failures are coded; a worker that dies rejects what it was asked', async () => {
  const fixture = start('messaging.mjs', { workers: 2 }, { env: { MALFORMED: '1' } });
  const { status } = await fixture.nextEvent('started');
  const pids = pidsOf(status as Awaited<ReturnType<typeof statusOf>>);
  /** What came of a request that worker 1 made. */
  const asked = async (
    target: string | number,
    name: string,
    timeoutMs?: number,
  ): Promise<unknown> => {
    const relayed = { target, name, data: 'hi', ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    return valueOf(await call(fixture, 'request', 1, 'relay', relayed));
  };

  expect(await asked(2, 'whoami')).toEqual({
    answer: { by: 2, pid: pids[1], data: 'hi', from: 1 },
  });
  expect(await asked('primary', 'whoami')).toEqual({
    answer: { by: 0, pid: fixture.pid, data: 'hi', from: 1 },
  });
  expect(await asked('any', 'nothing')).toEqual({ code: 'NO_RESPONDER' });
  expect(await asked(2, 'never', 50)).toEqual({ code: 'REQUEST_TIMEOUT' });
  expect(await asked(9, 'whoami')).toEqual({ code: 'WORKER_GONE' });
  expect(await asked(2, 'die')).toEqual({ code: 'WORKER_GONE' });

  const { workers } = await statusOf(fixture);
  expect(workers[0]?.messages).toEqual({ waiting: 0, dropped: 0, malformed: 1 });
  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});

test('a worker that does not read costs the primary little, is reported, and then gets the newest', async () => {
  const options = { workers: 1, stallMs: 0 } as const;
  const fixture = start('messaging.mjs', options, { execArgv: ['--expose-gc'] });
  const started = await fixture.nextEvent('started');
  const [pid = 0] = pidsOf(started['status'] as Awaited<ReturnType<typeof statusOf>>);
  const count = 2_000;

  process.kill(pid, 'SIGSTOP');
  fixture.send({ flood: { count, bytes: 64 * 1024 } });
  const flooded = await fixture.nextEvent('flooded');
  await fixture.waitForOutput(/worker 1 does not read its channel/);
  const { waiting, dropped } = flooded['messages'] as { waiting: number; dropped: number };
  // Of 125 MiB: the backlog, whose buffers may be half empty, and what Node has anyway.
  expect(Number(flooded['heldBytes'])).toBeLessThan(60 * 1024 * 1024);
  expect(waiting).toBeGreaterThan(50);
  expect(waiting + dropped).toBeLessThanOrEqual(count);
  expect(dropped).toBeGreaterThan(count * 0.9);
  process.kill(pid, 'SIGCONT');
  await fixture.waitForOutput(/worker 1 reads again; \d+ message\(s\) to it were dropped/);

  const numbers = valueOf(await call(fixture, 'request', 1, 'seen')) as number[];
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(numbers.slice(-waiting)).toEqual(
    Array.from({ length: waiting }, (_, index) => count - waiting + index),
  );
});

function valueOf(outcome: CallOutcome): unknown {
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value;
}
