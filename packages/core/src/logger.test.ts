import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileLogger } from './logger.js';
import type { Logger } from './logger.js';
import { createPlainLogger } from './plain-logger.js';

let folder: string;
let fd: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'corral-logger-'));
  fd = openSync(join(folder, 'log'), 'w');
});

afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

const written = (): string => readFileSync(join(folder, 'log'), 'utf8');
const logger = (level: string, readable = false): Logger =>
  createFileLogger({ fd, level, readable });

describe('the default logger', () => {
  it('writes a line of JSON with the bindings of its child, at once', () => {
    logger('info').child({ workerId: 3, generation: 2 }).info({ port: 3000 }, 'listening');
    expect(JSON.parse(written())).toMatchObject({
      level: 30,
      name: 'corral',
      workerId: 3,
      generation: 2,
      port: 3000,
      msg: 'listening',
    });
  });

  it('tells an error with its stack', () => {
    logger('info').error({ err: new Error('boom') }, 'bad');
    expect(JSON.parse(written())).toMatchObject({
      err: { message: 'boom', stack: expect.stringContaining('logger.test') as unknown },
    });
  });

  it('is readable where people look, at once', () => {
    const readable = logger('info', true);
    readable.info('primary up');
    readable.child({ workerId: 3, generation: 2 }).warn({ err: new Error('boom') }, 'bad');
    const text = written();
    expect(text).toContain('primary up');
    expect(text).not.toContain('[worker  gen');
    expect(text).toContain('[worker 3 gen 2] bad');
    expect(text).toContain('Error: boom');
    expect(text).not.toContain('hostname');
  });

  it.each([
    ['debug', ['debug', 'info', 'error']],
    ['DEBUG', ['debug', 'info', 'error']],
    [' Error ', ['error']],
    ['info', ['info', 'error']],
    ['', ['info', 'error']],
    ['nonsense', ['info', 'error']],
    ['toString', ['info', 'error']],
    ['silent', []],
  ])('with level %j writes %j', (level, expected) => {
    const log = logger(level);
    log.debug('debug');
    log.info('info');
    log.error('error');
    const lines = written().split('\n').slice(0, -1);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(expected);
  });
});

it.each([
  ['pino', (full: number) => createFileLogger({ fd: full, level: 'info', readable: false })],
  [
    'pino, for people',
    (full: number) => createFileLogger({ fd: full, level: 'info', readable: true }),
  ],
  ['the logger without pino', (full: number) => createPlainLogger(full)],
])('%s survives what cannot be written', (_, create) => {
  const full = openSync('/dev/full', 'w');
  try {
    const log = create(full);
    for (let times = 0; times < 3; times += 1) {
      expect(() => log.error('nobody hears this')).not.toThrow();
    }
  } finally {
    closeSync(full);
  }
});

it('the logger without pino writes what pino does', () => {
  const line = (write: (logger: Logger) => void): unknown[] =>
    [logger('info'), createPlainLogger(fd)].map((each) => {
      const before = written().length;
      write(each.child({ workerId: 3 }));
      const {
        hostname: _pinoOnly,
        time: _differs,
        ...rest
      } = JSON.parse(written().slice(before)) as {
        hostname?: string;
        time: number;
      };
      return rest;
    });
  const [pino, plain] = line((each) => each.warn({ port: 3000 }, 'listening'));
  expect(plain).toEqual(pino);
  const [, failure] = line((each) => each.error({ err: new Error('EMFILE') }, 'bad'));
  expect(failure).toMatchObject({ level: 50, err: { message: 'EMFILE' }, msg: 'bad' });
});
