import { describe, expect, it } from 'vitest';
import type { WorkerErrorInfo } from './cluster.js';
import { fromErrorInfo, toErrorInfo } from './error-info.js';
import {
  alreadyBootstrapped,
  bootFailed,
  channelClosed,
  CorralError,
  EXIT_CODES,
  invalidArgument,
  invalidOptions,
  listenFailed,
  noEntryScript,
  reloadAborted,
  remoteError,
  requestTimeout,
  restartIntensityExceeded,
  shuttingDown,
  singleProcess,
} from './errors.js';

const report = { generation: 3, replaced: 1, failed: 1, durationMs: 5 };

describe('a CorralError', () => {
  it('is an error with a stable code, a cause and details', () => {
    const cause = new Error('why');
    const error = new CorralError('REMOTE_ERROR', 'text', { cause, details: { a: 1 } });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'CorralError', code: 'REMOTE_ERROR', message: 'text' });
    expect([error.cause, error.details]).toEqual([cause, { a: 1 }]);
    expect(String(error)).toBe('CorralError: text');
  });

  it('has no cause that was not given', () => {
    expect('cause' in new CorralError('REMOTE_ERROR', 'text')).toBe(false);
  });
});

describe('the errors', () => {
  it.each([
    [alreadyBootstrapped(), 'ALREADY_BOOTSTRAPPED', 'bootstrap() was called a second time'],
    [noEntryScript(), 'NO_ENTRY_SCRIPT', 'put the program in a file, or set workers: 0'],
    [
      bootFailed('boot-timeout', undefined),
      'BOOT_FAILED',
      'the first worker did not become ready (boot-timeout): no error was reported',
    ],
    [
      reloadAborted({ ...report, reason: 'boot-failed' }),
      'RELOAD_ABORTED',
      'the reload to generation 3 was stopped after 1 replaced worker(s), the others go on serving: boot-failed',
    ],
    [
      reloadAborted({ ...report, reason: 'crashed', error: { name: 'E', message: 'no database' } }),
      'RELOAD_ABORTED',
      'go on serving: no database',
    ],
    [reloadAborted(report), 'RELOAD_ABORTED', 'go on serving: unknown'],
    [shuttingDown('cluster.scale()'), 'SHUTTING_DOWN', 'cluster.scale(): the cluster is'],
    [requestTimeout('status', 5_000), 'REQUEST_TIMEOUT', "no answer to 'status' within 5000 ms"],
    [channelClosed('status'), 'CHANNEL_CLOSED', "'status' cannot be answered"],
    [singleProcess('cluster.scale()'), 'SINGLE_PROCESS', 'cluster.scale() needs workers'],
    [
      restartIntensityExceeded(5, { periodMs: 60_000, onExhausted: 'exit' }),
      'RESTART_INTENSITY_EXCEEDED',
      "more than 5 restarts within 60000 ms; giving up, as restart.onExhausted is 'exit'",
    ],
    [
      restartIntensityExceeded(5, { periodMs: 60_000, onExhausted: 'keep-trying' }),
      'RESTART_INTENSITY_EXCEEDED',
      "slowing down, as restart.onExhausted is 'keep-trying'",
    ],
    [
      invalidArgument('cluster.scale(workers)', -1, 'a whole number'),
      'INVALID_ARGUMENT',
      'cluster.scale(workers): got -1; expected a whole number',
    ],
  ])('%s', (error, code, text) => {
    expect(error).toBeInstanceOf(CorralError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
  });

  it('carry facts for programs', () => {
    expect(reloadAborted(report).details).toBe(report);
    const error = { name: 'Error', message: 'x' };
    expect(bootFailed('crashed', error).details).toEqual({ reason: 'crashed', error });
    const issues = [{ path: 'workers', value: -1, expected: 'more' }];
    expect(invalidOptions(issues).details).toBe(issues);
  });

  it.each([
    ['EADDRINUSE', 'another program already listens there (EADDRINUSE)'],
    ['EACCES', 'this user may not listen there (EACCES)'],
    ['EADDRNOTAVAIL', 'bind EADDRNOTAVAIL'],
  ])('of a failed listen say what to do: %s', (code, text) => {
    const cause = Object.assign(new Error(`bind ${code}`), { code });
    const error = listenFailed('[::]:80', cause);
    expect(error.message).toContain(`cannot listen on [::]:80: ${text}`);
    expect(error).toMatchObject({ code: 'LISTEN_FAILED', cause });
  });

  it('know the exit codes that are documented', () => {
    expect(EXIT_CODES).toEqual({ clean: 0, failure: 1, crashLoop: 70 });
  });
});

describe('a wrong value is shown', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  it.each([
    ['as a string', 'x"y', '"x\\"y"'],
    ['as a function', () => 1, 'a function'],
    ['as a big integer', 12n, '12n'],
    ['as a symbol', Symbol('s'), 'Symbol(s)'],
    ['as undefined', undefined, 'undefined'],
    ['as null', null, 'null'],
    ['as JSON', { a: [1] }, '{"a":[1]}'],
    ['shortened', { a: 'x'.repeat(100) }, `{"a":"${'x'.repeat(71)}…`],
    ['without a cycle', cyclic, 'an object'],
    ['without a JSON form', { toJSON: () => undefined }, 'an object'],
  ])('%s', (_, value, shown) => {
    expect(invalidArgument('f()', value, 'more').message).toBe(`f(): got ${shown}; expected more`);
  });
});

describe('an error that crosses a process boundary', () => {
  it('keeps its name, message, code and stack', () => {
    const error = Object.assign(new TypeError('bad'), { code: 'E_BAD' });
    const info = toErrorInfo(error);
    expect(info).toEqual({ name: 'TypeError', message: 'bad', code: 'E_BAD', stack: error.stack });
    const back = fromErrorInfo(info);
    expect(back).toBeInstanceOf(Error);
    expect(back).toMatchObject({ name: 'TypeError', message: 'bad', code: 'E_BAD' });
    expect(back.stack).toBe(error.stack);
  });

  it('tells its causes', () => {
    const root = new Error('root');
    const middle = new Error('middle', { cause: root });
    const { stack } = toErrorInfo(new Error('top', { cause: middle }));
    expect(stack).toMatch(/^Error: top[^]*\ncaused by: Error: middle[^]*\ncaused by: Error: root/);
    expect(toErrorInfo(new Error('top', { cause: 'text' })).stack).not.toContain('caused by');
  });

  it('may have itself among its causes', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    expect(toErrorInfo(error).stack?.match(/caused by/g)).toHaveLength(1);
  });

  it('may have lost its stack, or have a code that is no string', () => {
    const error = Object.assign(new Error('x'), { code: 12 });
    delete error.stack;
    expect(toErrorInfo(error)).toEqual({ name: 'Error', message: 'x' });
    expect(fromErrorInfo({ name: 'Error', message: 'x' }).message).toBe('x');
  });

  it('becomes text where its members are not', () => {
    const odd = Object.assign(new Error('x'), { name: 3, message: undefined, stack: ['frame'] });
    expect(toErrorInfo(odd)).toEqual({ name: '3', message: 'undefined' });
  });

  it.each([
    ['text', '"text"'],
    [undefined, 'undefined'],
    [{ a: 1 }, '{"a":1}'],
  ])('may be none at all: %j', (thrown, shown) => {
    expect(toErrorInfo(thrown)).toEqual({
      name: 'Error',
      message: `a non-error was thrown: ${shown}`,
    });
  });

  it('may be missing', () => {
    expect(fromErrorInfo(undefined).message).toBe('no error was reported');
  });
});

describe('an error of the other process', () => {
  const info = (code?: string): WorkerErrorInfo => ({
    name: 'CorralError',
    message: 'from afar',
    ...(code === undefined ? {} : { code }),
  });

  it.each(['INVALID_ARGUMENT', 'RELOAD_ABORTED', 'SHUTTING_DOWN', 'UPGRADE_FAILED'])(
    'keeps a code of ours: %s',
    (code) => {
      const error = remoteError(info(code), { replaced: 1 });
      expect(error).toMatchObject({ code, message: 'from afar', details: { replaced: 1 } });
      expect(error.cause).toMatchObject({ name: 'CorralError', message: 'from afar', code });
    },
  );

  it.each([undefined, 'ENOENT', 'toString'])('is REMOTE_ERROR with the code %s', (code) => {
    expect(remoteError(info(code), undefined).code).toBe('REMOTE_ERROR');
  });
});
