// Any process: the levels of a logger, and a logger made of one function for all of them.
import type { Logger, LogMethod } from './logger.js';

/** From the least to the most severe; pino's number of each is its place times 10. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export function loggerOf(method: (level: LogLevel) => LogMethod, child: Logger['child']): Logger {
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
    child,
  };
}
