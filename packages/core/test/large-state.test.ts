// Process test: a large state in the primary does not keep it from supervising.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { call, start, statusOf } from './support.js';

// With a million it is the same, and takes more than three times as long.
const KEYS = 300_000;
const LONG = 10 * 1024 * 1024;
/** Less than the default, to be sooner at it: heartbeats and the event loops of all have to keep to it. */
const stallMs = 2_000;

test('with many keys and a long value, workers are heard and nobody stalls: filling, status, limits, a reload, clear()', async () => {
  const state = { maxEntries: KEYS, maxValueBytes: 2 * LONG };
  const fixture = start('state.mjs', { workers: 2, minUptimeMs: 0, stallMs, state });
  await fixture.nextEvent('started');
  const ask = async (target: number | 'primary', name: string, data: object): Promise<unknown> => {
    const outcome = await call(fixture, 'request', target, name, data, { timeoutMs: 25_000 });
    return outcome.ok ? outcome.value : outcome.error;
  };
  const stateCall = async (worker: number, method: string, ...args: unknown[]): Promise<unknown> =>
    await ask(worker, 'state', { method, args });
  /** Asks for the status all the while, with a pause between; returns how often it was told. */
  const statusesBeside = async (work: Promise<unknown>, pauseMs: number): Promise<number> => {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    let count = 0;
    for (; !isDone; count += 1) {
      // A stalled worker is not ready.
      expect((await statusOf(fixture)).ready).toBe(2);
      await delay(pauseMs);
    }
    await done;
    return count;
  };

  const half = KEYS / 2;
  const fills = [1, 2].map(
    async (worker) => await ask(worker, 'fill', { from: (worker - 1) * half, count: half }),
  );
  expect(await statusesBeside(Promise.all(fills), 50)).toBeGreaterThan(5);
  expect(await stateCall(1, 'set', 'one too many', 1)).toEqual({ code: 'STATE_FULL' });
  expect(await ask(1, 'setLong', { key: 'key-0', length: LONG })).toBe(LONG);
  expect(await call(fixture, 'reload')).toMatchObject({ value: { replaced: 2, failed: 0 } });
  expect(await stateCall(2, 'get', `key-${KEYS - 1}`)).toEqual({ value: KEYS - 1 });
  const clearing = stateCall(1, 'clear', '');
  // Between its parts.
  expect(await statusesBeside(clearing, 1)).toBeGreaterThan(10);
  expect(await clearing).toEqual({ value: KEYS });
  expect(await stateCall(2, 'has', 'key-1')).toEqual({ value: false });

  expect(await ask('primary', 'longestTurn', {})).toBeLessThan(stallMs);
  expect(fixture.events.filter(({ event }) => event === 'workerStalled')).toEqual([]);
  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});
