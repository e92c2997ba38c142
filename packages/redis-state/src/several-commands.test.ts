// What is told of calls of which only a part was executed.
import { expect, test } from 'vitest';
import { connectionFailed, fromRedisError, partlyExecuted } from './errors.js';
import { STEP_KEYS, inGroups, inSteps, together } from './several-commands.js';

const refusal = Object.assign(new Error('NOPERM No permissions to access a key'), {
  name: 'ReplyError',
});
const refused = async (): Promise<number> => await Promise.reject(refusal);
const lost = async (): Promise<number> => await Promise.reject(new Error('closed'));
const executed = async (): Promise<number> => await Promise.resolve(1);
const call = { name: 'set', sent: true };

test.each([
  ['refused', [refused, refused], false],
  ['partly refused', [executed, refused], true],
  ['partly lost', [refused, lost], true],
])('commands that were %s', async (_what, commands, mayHaveBeenExecuted) => {
  const error = await together(commands.map(async (command) => await command())).catch(
    (reason: unknown) => fromRedisError(call, reason),
  );
  expect(error).toMatchObject({ code: 'STATE_UNAVAILABLE', details: { mayHaveBeenExecuted } });
});

test('commands are over when the last one is', async () => {
  let isOver = false;
  const last = new Promise<number>((resolve) => {
    setImmediate(() => {
      isOver = true;
      resolve(1);
    });
  });
  await expect(together([refused(), last])).rejects.toThrow('refused a part');
  expect(isOver).toBe(true);
  expect(await together([last, Promise.resolve(2)])).toEqual([1, 2]);
});

test('a step that fails after another one has changed something', async () => {
  const items = Array.from({ length: STEP_KEYS + 1 }, (_, index) => index);
  const notSent = connectionFailed({ name: 'set', sent: false }, undefined);
  const failAt = async (failing: number): Promise<unknown> =>
    await inSteps(
      items,
      async (some) => {
        if (some.includes(failing)) throw notSent;
        return some;
      },
      partlyExecuted,
    ).catch((error: unknown) => error);
  expect(await failAt(-1)).toEqual(items);
  expect(await failAt(0)).toBe(notSent);
  expect(await failAt(STEP_KEYS)).toMatchObject({
    code: 'STATE_UNAVAILABLE',
    message: expect.stringContaining('but other parts of the call were') as string,
    details: { mayHaveBeenExecuted: true },
  });
});

test.each([
  ['small values take few answers', () => 10, [16, 64, 170]],
  ['large ones few at a time', () => 1024 * 1024, [16, ...Array.from({ length: 234 }, () => 1)]],
  ['those that are not there none', () => 0, [16, 64, 170]],
  [
    'and whoever was wrong at first learns',
    (index: number) => (index < 16 ? 10 : 300_000),
    [16, 64],
  ],
])('the values of a page: %s', async (_what, sizeOf, expected) => {
  const items = Array.from({ length: 250 }, (_, index) => index);
  const groups: number[] = [];
  const read = async (some: readonly number[]): Promise<number[]> => {
    groups.push(some.length);
    return await Promise.resolve([...some]);
  };
  expect(await inGroups(items, read, sizeOf)).toEqual(items);
  expect(groups.slice(0, expected.length)).toEqual(expected);
  const [, , third = 0] = groups;
  expect(third * sizeOf(249)).toBeLessThanOrEqual(1024 * 1024);
});
