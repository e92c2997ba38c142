// Any process of an example: its live configuration: the log level, which can change while it runs.
import { defineConfig } from '@corral/core';
import type { ConfigDefinition } from '@corral/core';
import { z } from 'zod';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

const levels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const schema = z.object({ logLevel: z.enum(levels) });

/** Begins with `LOG_LEVEL`, or `warn`; `bootstrap()` fails when that is none. */
export const config: ConfigDefinition<{ logLevel: LogLevel }> = defineConfig(schema, {
  initial: { logLevel: (process.env['LOG_LEVEL'] ?? 'warn') as LogLevel },
});

export type ReadLogLevel =
  | { readonly ok: true; readonly logLevel: LogLevel }
  | {
      readonly ok: false;
      readonly error: { readonly code: 'INVALID_LOG_LEVEL'; readonly message: string };
    };

/** Reads the JSON body of `PUT /log-level`, as a body parser hands it over. */
export function readLogLevel(body: unknown): ReadLogLevel {
  const read = schema.safeParse(body);
  if (read.success) return { ok: true, ...read.data };
  return {
    ok: false,
    error: {
      code: 'INVALID_LOG_LEVEL',
      message: `logLevel must be one of ${levels.join(', ')}; send it as JSON, such as {"logLevel":"debug"}`,
    },
  };
}
