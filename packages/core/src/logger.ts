// Any process: the logger interface that pino satisfies, and the default logger.
import { createRequire } from 'node:module';
import { createLazyLogger } from './lazy-logger.js';
import { LOG_LEVELS } from './log-levels.js';
import type { LogLevel } from './log-levels.js';
import { createPlainLogger } from './plain-logger.js';

/** One level of a logger: `logger.info({ workerId: 1 }, 'worker ready')` or `logger.info('text')`. */
export interface LogMethod {
  (details: object, message?: string): void;
  (message: string): void;
}

/** What Corral needs of a logger. A pino instance satisfies it, and so does Fastify's `app.log`. */
export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  /** A logger that adds `bindings` to every line. */
  child(bindings: Record<string, unknown>): Logger;
}

/**
 * Corral's own logger: pino, readable on a terminal and JSON otherwise, written synchronously to
 * stdout so that no line is lost when a process exits.
 *
 * @param level one of pino's levels or `'silent'`, in any case; anything else means `'info'`.
 *   Default: the environment's `LOG_LEVEL`, else `'info'`.
 */
export function createDefaultLogger(level: string = process.env['LOG_LEVEL'] ?? 'info'): Logger {
  return createFileLogger({ fd: 1, level, readable: process.stdout.isTTY });
}

/** Lines that could not be written, as on a full disk, are written later; beyond this they are dropped. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;

interface LogFile {
  readonly fd: number;
  /** For people rather than for programs. */
  readonly readable: boolean;
}

/** The default logger on any open file. */
export function createFileLogger(file: LogFile & { readonly level: string }): Logger {
  const level = toLevel(file.level);
  return createLazyLogger(level, () => createPino(file, level), createPlainLogger(file.fd));
}

function createPino(file: LogFile, level: string): Logger {
  const require = createRequire(import.meta.url);
  const { pino } = require('pino') as typeof import('pino');
  const options = { name: 'corral', level };
  const destination = pino.destination({
    dest: file.fd,
    sync: true,
    maxLength: MAX_UNWRITTEN_BYTES,
  });
  // A disk that is full, or a terminal that has gone, must not end what would have been told about.
  destination.on('error', () => undefined);
  if (!file.readable) return pino(options, destination);
  // Loaded only where a person reads along: it costs every other process memory and start-up time.
  const { prettyFactory } = require('pino-pretty') as typeof import('pino-pretty');
  const prettify = prettyFactory({
    ignore: 'pid,hostname,name,workerId,generation',
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: '{if workerId}[worker {workerId} gen {generation}] {end}{msg}',
  });
  // Not pino-pretty's stream, whose buffers a process could leave behind at its end.
  return pino(options, { write: (line) => void destination.write(prettify(line)) });
}

function toLevel(level: string): LogLevel | 'silent' {
  const wanted = level.trim().toLowerCase();
  return [...LOG_LEVELS, 'silent' as const].find((known) => known === wanted) ?? 'info';
}
