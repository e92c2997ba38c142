// What becomes of ioredis’s errors.
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { connectionFailed, fromRedisError, timedOut } from './errors.js';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

/** As ioredis does with every error of a command. */
function ofCommand<E extends Error>(error: E): E {
  return Object.assign(error, { command: { name: 'set', args: ['key', Buffer.from('secret')] } });
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

test.each([
  ['a reply', reply('READONLY You can’t write against a read only replica.')],
  ['a full Redis', reply('OOM command not allowed when used memory > ’maxmemory’.')],
  ['a lost connection', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })],
  [
    'a lost cluster',
    Object.assign(new Error('Failed to refresh slots cache.'), {
      lastNodeError: ofCommand(reply('WRONGPASS invalid username-password pair')),
    }),
  ],
])('nothing of what was sent is in the error of %s, but why is', (_what, given) => {
  const error = ofCommand(given);
  const { name, message } = error;
  for (const made of [
    fromRedisError(sent, error),
    connectionFailed(sent, error),
    timedOut(sent, 100, error),
  ]) {
    const seen = inspect(made, { depth: 10 });
    expect(seen).not.toMatch(/secret|73 65 63 72 65 74|args/);
    expect(seen).toContain(message);
    expect(made.cause).toMatchObject({ name, message });
    expect(seen.includes('EPIPE')).toBe('code' in given);
    expect(seen.includes('WRONGPASS')).toBe('lastNodeError' in given);
  }
});

test('neither are the arguments that Redis itself repeats', () => {
  const error = fromRedisError(
    sent,
    reply("ERR unknown command 'UNLINK', with args beginning with: 'secret' "),
  );
  expect(inspect(error, { depth: 10 })).not.toContain('secret');
  expect(error.message).toContain("unknown command 'UNLINK'");
});
