// What becomes of ioredis’s errors.
import { expect, test } from 'vitest';
import { fromRedisError } from './errors.js';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

const sent = { name: 'increment', sent: true };

test('what Redis has refused was not executed', () => {
  const error = fromRedisError(
    sent,
    reply('READONLY You can’t write against a read only replica.'),
  );
  expect(error).toMatchObject({
    code: 'STATE_UNAVAILABLE',
    details: { mayHaveBeenExecuted: false },
  });
  expect(error.message).toContain('increment: Redis has refused: READONLY');
});

test('what was on its way when the connection was lost may have been executed', () => {
  expect(fromRedisError(sent, new Error('Connection is closed.'))).toMatchObject({
    code: 'STATE_UNAVAILABLE',
    details: { mayHaveBeenExecuted: true },
  });
});

test.each([
  'OOM command not allowed when used memory > ’maxmemory’.',
  'ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed when used memory',
])('a full Redis: %s', (message) => {
  expect(fromRedisError(sent, reply(message))).toMatchObject({ code: 'STATE_FULL' });
});
