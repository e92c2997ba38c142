import { describe, expect, it } from 'vitest';
import { createLazyLogger } from './lazy-logger.js';
import type { Logger } from './logger.js';

/** Writes down what it is told, with the bindings of its ancestors. */
function recordingLogger(lines: unknown[], bindings: object = {}): Logger {
  const method = (details: object | string, message?: string): void => {
    lines.push(
      typeof details === 'string'
        ? { ...bindings, msg: details }
        : { ...bindings, ...details, msg: message },
    );
  };
  return {
    trace: method,
    debug: method,
    info: method,
    warn: method,
    error: method,
    fatal: method,
    child: (more) => recordingLogger(lines, { ...bindings, ...more }),
  };
}

describe('a lazy logger', () => {
  it('is made with the first line that is not dropped, and once', () => {
    const lines: unknown[] = [];
    let made = 0;
    const create = (): Logger => {
      made += 1;
      return recordingLogger(lines);
    };
    const logger = createLazyLogger('warn', create, recordingLogger([]));
    const child = logger.child({ workerId: 1 });
    logger.info('dropped');
    child.debug({ port: 1 }, 'dropped');
    expect(made).toBe(0);

    child.warn({ port: 1 }, 'kept');
    child.error('kept too');
    logger.fatal('and this');
    expect(made).toBe(1);
    expect(lines).toEqual([
      { workerId: 1, port: 1, msg: 'kept' },
      { workerId: 1, msg: 'kept too' },
      { msg: 'and this' },
    ]);
  });

  it('is never made when it is silent', () => {
    const lines: unknown[] = [];
    const create = (): Logger => recordingLogger(lines);
    createLazyLogger('silent', create, recordingLogger(lines)).fatal('dropped');
    expect(lines).toEqual([]);
  });

  it('writes to another as long as it cannot be made', () => {
    const lines: unknown[] = [];
    const instead: unknown[] = [];
    let canLoad = false;
    const create = (): Logger => {
      if (!canLoad) throw new Error('EMFILE: too many open files');
      return recordingLogger(lines);
    };
    const logger = createLazyLogger('info', create, recordingLogger(instead)).child({
      workerId: 2,
    });
    logger.error('no file descriptors are left');
    canLoad = true;
    logger.info('better now');
    expect(instead).toEqual([{ workerId: 2, msg: 'no file descriptors are left' }]);
    expect(lines).toEqual([{ workerId: 2, msg: 'better now' }]);
  });
});
