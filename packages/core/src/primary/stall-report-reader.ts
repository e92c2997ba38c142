// Primary: reads the reports of a worker's watchdog thread.
import type { StallReport } from '../protocol/stall-report.js';
import * as z from '../zod.js';

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
