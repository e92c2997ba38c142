// Both sides: how a worker whose event loop is blocked still reports: JSON lines on a pipe of their own,
// written by its watchdog thread.
import { z } from 'zod';
import type { StackFrame } from '../cluster.js';

/** The worker's file descriptor of that pipe: behind stdin, stdout, stderr and the IPC channel. */
export const STALL_REPORT_FD = 4;

export interface StallReport {
  /** For how long the event loop had not turned. */
  readonly blockedMs: number;
  /** Innermost first; empty while the thread runs native code. */
  readonly frames: readonly StackFrame[];
}

const schema: z.ZodType<StallReport> = z.object({
  blockedMs: z.number(),
  frames: z.array(
    z.object({
      functionName: z.string(),
      file: z.string(),
      line: z.number(),
      column: z.number(),
    }),
  ),
});

export function formatStallReport(report: StallReport): string {
  return `${JSON.stringify(report)}\n`;
}

/** Feeds chunks of the pipe in, gets whole and valid reports out; anything else is dropped. */
export function createStallReportReader(
  onReport: (report: StallReport) => void,
): (chunk: string) => void {
  const MAX_LINE_CHARS = 1_000_000;
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_CHARS) rest = '';
    for (const line of lines) {
      const report = schema.safeParse(parseJson(line)).data;
      if (report !== undefined) onReport(report);
    }
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
