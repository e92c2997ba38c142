import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatStallReport } from '../protocol/stall-report.js';
import type { StallReport } from '../protocol/stall-report.js';
import { createStallReportReader } from './stall-report-reader.js';

const report: StallReport = {
  blockedMs: 4_000,
  frames: [{ functionName: 'slow', file: '/app/a b.js', line: 3, column: 7 }],
};

/** What a reader makes of these chunks. */
function read(chunks: Iterable<string>): StallReport[] {
  const reports: StallReport[] = [];
  const feed = createStallReportReader((found) => reports.push(found));
  for (const chunk of chunks) feed(chunk);
  return reports;
}

const anyReport: fc.Arbitrary<StallReport> = fc.record({
  blockedMs: fc.nat(),
  frames: fc.array(
    fc.record({
      functionName: fc.string({ unit: 'binary' }),
      file: fc.string(),
      line: fc.nat(),
      column: fc.nat(),
    }),
    { maxLength: 3 },
  ),
});

describe('stall reports', () => {
  it('are lines of JSON', () => {
    expect(formatStallReport(report)).toBe(`${JSON.stringify(report)}\n`);
    expect(read([formatStallReport(report)])).toEqual([report]);
  });

  it('come out as they went in, however the pipe cuts them', () => {
    fc.assert(
      fc.property(fc.array(anyReport), fc.array(fc.nat(200)), (reports, cuts) => {
        let rest = reports.map(formatStallReport).join('');
        const chunks = cuts.map((length) => {
          const chunk = rest.slice(0, length);
          rest = rest.slice(length);
          return chunk;
        });
        expect(read([...chunks, rest])).toEqual(reports);
      }),
    );
  });

  it('are all that is read: anything else is dropped', () => {
    const noise = [
      '\n',
      'text\n',
      '{}\n',
      'null\n',
      '{"blockedMs":"4"}\n',
      '{"blockedMs":4,"frames":[{}]}\n',
      '[1,\n',
    ];
    expect(read(noise.flatMap((line) => [line, formatStallReport(report)]))).toEqual(
      noise.map(() => report),
    );
  });

  it('are found among whatever arrives, without throwing', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (chunks) => {
        expect(read([...chunks, '\n', formatStallReport(report)]).at(-1)).toEqual(report);
      }),
    );
  });

  it('are not waited for without bound: a line that does not end is forgotten', () => {
    const endless = 'x'.repeat(600_000);
    expect(read([endless, endless, formatStallReport(report)])).toEqual([report]);
    expect(read([endless, formatStallReport(report), formatStallReport(report)])).toEqual([report]);
  });
});
