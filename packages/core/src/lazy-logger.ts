// Any process: a logger that is made when it has its first line to write. Most workers never write one of
// Corral's, and loading pino takes a sixth of the time that they need to start.
import { LOG_LEVELS, loggerOf } from './log-levels.js';
import type { LogLevel } from './log-levels.js';
import type { Logger, LogMethod } from './logger.js';

/**
 * @param level lines below it are dropped, without the logger
 * @param create when it throws, that line goes to `fallback`, and the next one tries again: a process that has run
 *   out of file descriptors can load nothing, and has reason to complain
 */
export function createLazyLogger(
  level: LogLevel | 'silent',
  create: () => Logger,
  fallback: Logger,
): Logger {
  let created: Logger | undefined;
  const make = (): Logger => (created ??= create());
  const makeOrFallback = (): Logger => {
    try {
      return make();
    } catch {
      return fallback;
    }
  };
  const lowest = level === 'silent' ? Infinity : LOG_LEVELS.indexOf(level);
  const method = (name: LogLevel): LogMethod => {
    if (LOG_LEVELS.indexOf(name) < lowest) return () => undefined;
    return (...line: unknown[]) => makeOrFallback()[name](...(line as [string]));
  };
  return loggerOf(method, (bindings) =>
    createLazyLogger(level, () => make().child(bindings), fallback.child(bindings)),
  );
}
