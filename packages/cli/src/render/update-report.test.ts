import { expect, it } from 'vitest';
import type { ConfigUpdateReport } from '@corral/core';
import { isAppliedByAll, renderReport } from './update-report.js';

const nobody: ConfigUpdateReport = { version: 7, applied: [], rejected: [], timedOut: [] };
const rejected = [{ workerId: 2, error: { name: 'RangeError', message: 'not\u001B this one' } }];

it.each<[ConfigUpdateReport, boolean, string]>([
  [{ ...nobody, applied: [0, 1, 2] }, true, 'version 7: applied by the primary and workers 1, 2\n'],
  [{ ...nobody, applied: [1] }, true, 'version 7: applied by worker 1\n'],
  [
    { ...nobody, applied: [0, 1], rejected, rolledBackBy: 8 },
    false,
    `version 7 was refused, and taken back by version 8:
  refused by worker 2: RangeError: not\uFFFD this one
  applied by the primary and worker 1 until then
`,
  ],
  [
    { ...nobody, applied: [0], rejected, timedOut: [1, 3] },
    false,
    `version 7 was refused, and stays in force where it was not:
  refused by worker 2: RangeError: not\uFFFD this one
  not answered in time by workers 1, 3: they get the newest version when they read again
  applied by the primary
`,
  ],
  [
    { ...nobody, timedOut: [2] },
    false,
    `version 7 is in force, but not everywhere yet:
  not answered in time by worker 2: it gets the newest version when it reads again
`,
  ],
])('tells of %j', (report, isApplied, text) => {
  expect(isAppliedByAll(report)).toBe(isApplied);
  expect(renderReport(report, 6)).toBe(text);
});

it('knows a change that has changed nothing, also when everybody is known to have the version', () => {
  const text = 'nothing has changed: version 7 is in force\n';
  expect(renderReport({ ...nobody, applied: [0, 1, 2] }, 7)).toBe(text);
  expect(renderReport(nobody, 7)).toBe(text);
  expect(renderReport({ ...nobody, timedOut: [2] }, 7)).toMatch(/^version 7 is in force, but not/);
});

it('keeps the lines of a report', () => {
  const error = { name: 'Bad\u001B', message: 'no\n  applied by everybody' };
  expect(renderReport({ ...nobody, rejected: [{ workerId: 2, error }] }, 6))
    .toBe(`version 7 was refused, and stays in force where it was not:
  refused by worker 2: Bad\uFFFD: no applied by everybody
`);
});
