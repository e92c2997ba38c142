// Any process: lines as pino's, for when pino cannot be loaded; needs no file but the one that is open.
import fs from 'node:fs';
import { LOG_LEVELS, loggerOf } from './log-levels.js';
import type { Logger } from './logger.js';

export function createPlainLogger(fd: number, bindings: Record<string, unknown> = {}): Logger {
  return loggerOf(
    (name) => {
      const level = (LOG_LEVELS.indexOf(name) + 1) * 10;
      return (details: object | string, message?: string) => {
        const { err, ...rest } = (typeof details === 'string' ? {} : details) as { err?: unknown };
        const error =
          err instanceof Error ? { err: { message: err.message, stack: err.stack } } : {};
        const msg = typeof details === 'string' ? details : message;
        const line = { level, time: Date.now(), pid: process.pid, name: 'corral', ...bindings };
        try {
          fs.writeSync(fd, `${JSON.stringify({ ...line, ...rest, ...error, msg })}\n`);
        } catch {
          // A disk that is full, or a terminal that has gone, must not end what would have been told about.
        }
      };
    },
    (more) => createPlainLogger(fd, { ...bindings, ...more }),
  );
}
