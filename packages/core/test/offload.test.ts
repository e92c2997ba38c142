// Process tests: functions in worker threads, as an app calls them. One process runs all scenarios, each
// on modules of its own; the modules share its two threads.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spawnFixture } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';

let fixture: Fixture;

beforeAll(async () => {
  fixture = spawnFixture(fileURLToPath(new URL('fixtures/offload.mjs', import.meta.url)), {
    env: { LOG_LEVEL: 'warn' },
    deadlineMs: 50_000,
  });
  await fixture.nextEvent('started');
});
afterAll(async () => {
  await fixture.close();
});

/** Runs a scenario of the fixture. */
async function run(name: string): Promise<unknown> {
  fixture.send(name);
  const { error, result } = await fixture.nextEvent('done', (each) => each['name'] === name);
  expect(error).toBeUndefined();
  return result;
}

test('calls resolve and reject as the functions do, on no more threads than granted', async () => {
  expect(await run('calls')).toEqual({
    sum: { value: 5 },
    failed: {
      name: 'RangeError',
      message: 'no such thing',
      code: 'E_NO_THING',
      statusCode: 422,
    },
    unknown: expect.objectContaining({
      code: 'OFFLOAD_MODULE_FAILED',
      message: expect.stringMatching(/^tasks\.nothing\(\): .* only add, count/) as string,
    }) as object,
    missing: expect.objectContaining({
      code: 'OFFLOAD_MODULE_FAILED',
      cause: expect.stringContaining('bootstrap(main)') as string,
    }) as object,
    threads: 2,
  });
});

test('values are moved, shared, or refused with the path of what cannot be passed', async () => {
  expect(await run('values')).toEqual({
    inverted: [255, 254, 0],
    moved: ['112,111,111,108,101,100', '1,2'],
    unmovable: [/bytes is memory that has moved away/, /refused: /, /list\[0\] is memory/].map(
      (message) =>
        expect.objectContaining({
          code: 'OFFLOAD_UNCLONEABLE',
          message: expect.stringMatching(message) as string,
        }) as object,
    ),
    isSameThreads: true,
    movedAway: 0,
    counted: 100_000,
    argument: expect.objectContaining({
      code: 'OFFLOAD_UNCLONEABLE',
      message: expect.stringContaining('[0].user.save is a function') as string,
    }) as object,
    result: expect.objectContaining({
      code: 'OFFLOAD_UNCLONEABLE',
      message: expect.stringContaining('nested.list[1] is a function') as string,
    }) as object,
    after: 2,
  });
});

test('a call that waits or runs for too long, is one too many, or is taken back', async () => {
  expect(await run('deadlines')).toMatchObject({
    refused: { code: 'OFFLOAD_SATURATED', details: { maxQueue: 2, retryAfterSeconds: 1 } },
    endless: { code: 'OFFLOAD_TIMEOUT', details: { phase: 'run', timeoutMs: 60 } },
    waiting: { code: 'OFFLOAD_TIMEOUT', details: { phase: 'queue', timeoutMs: 20 } },
    takenBack: { code: 'OFFLOAD_ABORTED', cause: 'left' },
    untouched: { value: 'slept' },
    after: 2,
    status: {
      running: 0,
      queued: 0,
      completed: 2,
      saturated: 1,
      timedOut: 2,
      aborted: 1,
      terminations: { timeout: 1, aborted: 0, crashed: 0 },
    },
  });
});

test('a signal ends a running call, and one that has aborted before lets none begin', async () => {
  expect(await run('aborted')).toMatchObject({
    running: { code: 'OFFLOAD_ABORTED', cause: 'left' },
    before: { code: 'OFFLOAD_ABORTED', cause: 'had left' },
  });
});

test('higher priorities go first, equal ones in their order', async () => {
  expect(await run('priorities')).toEqual([3, 1, 2, 4]);
});

test('a thread that crashes takes only its own call with it', async () => {
  expect(await run('crashes')).toMatchObject({
    thrown: { code: 'OFFLOAD_CRASHED', cause: 'nobody waits for this' },
    exited: { code: 'OFFLOAD_CRASHED', message: expect.stringContaining('code: 7') as string },
    outOfMemory: {
      code: 'OFFLOAD_CRASHED',
      message: expect.stringContaining('memory limit') as string,
    },
    neighbour: { value: 'slept' },
    after: 2,
    status: { completed: 2, crashed: 3, terminations: { crashed: 3 } },
  });
});

test('the event loop turns while all threads are busy', async () => {
  // Each call keeps its thread busy for a second.
  expect(await run('eventLoop')).toBeLessThan(1_000);
});

test('idle threads leave, and come back when they are needed', async () => {
  expect(await run('idle')).toBe(2);
});

test('a closed module finishes what it has, takes nothing new, and leaves its counts', async () => {
  expect(await run('closed')).toMatchObject({
    refused: { code: 'SHUTTING_DOWN' },
    last: 'slept',
    status: { threads: 0, running: 0, maxQueue: 0, completed: 1, run: { count: 1 } },
  });
});

test('a pipeline passes chunks on from thread to thread, no faster than they are taken', async () => {
  const tripled = [...Array.from({ length: 20 }, (_, index) => (index + 1) * 3), 3, 6];
  const result = (await run('pipelines')) as { ahead: number };
  expect(result).toMatchObject({
    frames: tripled,
    threads: 2,
    before: [1, 2],
    failed: { code: 'E_FRAME', message: 'bad frame' },
    crashed: { code: 'OFFLOAD_CRASHED' },
    timedOut: { code: 'OFFLOAD_TIMEOUT' },
    fed: { message: 'the input broke' },
    uncloneable: [
      [/^source\.frames\(\): the input .* user\.save is a function$/, 'the input'],
      [
        /^source\.returnsFunction\(\): the result .* nested\.list\[1\] is a function$/,
        'the result',
      ],
      [/^sink\.returnsFunction\(\): the result .* nested\.list\[1\] is a function$/, 'the result'],
    ].map(([message, of]) => ({
      code: 'OFFLOAD_UNCLONEABLE',
      message: expect.stringMatching(message as RegExp) as string,
      details: { of },
    })),
    running: [0, 0],
  });
  // Three taken, at most two on their way to each of sink and reader, and one in the making at both.
  expect(result.ahead).toBeLessThanOrEqual(9);
});

test('a call gets a thread beside a pipeline that has them all, also when its reader waits for it', async () => {
  expect(await run('besidePipelines')).toEqual([5, 5, 5, 5, 5, 5]);
});

test('a pipeline whose input is idle still ends, and tells the input', async () => {
  expect(await run('idleInputs')).toMatchObject({
    aborted: { code: 'OFFLOAD_ABORTED', cause: 'left', isTold: true },
    timedOut: { code: 'OFFLOAD_TIMEOUT', isTold: true },
    failed: { code: 'E_FRAME', isTold: true },
  });
});
