// Runs vitest projects, and counts what they ran.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, root } from './repo.mjs';
import { run } from './run.mjs';

/**
 * One run of a vitest project. `env` is added to the tools' environment, `args` to vitest's arguments.
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function runVitest(tools, project, { env = {}, args = [] } = {}) {
  const reports = join(cacheDir, 'reports');
  mkdirSync(reports, { recursive: true });
  const report = join(reports, `${project}-${process.pid}.json`);
  rmSync(report, { force: true });
  // vitest colours its output in CI, terminal or not.
  const plain = process.stdout.isTTY ? {} : { NO_COLOR: '1' };
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { code } = await run(
    tools.node,
    [
      vitest,
      'run',
      `--project=${project}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ],
    { cwd: root, env: { ...tools.env, ...plain, ...env } },
  );
  const counts = readCounts(report);
  rmSync(report, { force: true });
  // Errors outside of tests (an unhandled rejection, a crashed run) fail vitest, but no test.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function readCounts(report) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { ...counts, failed: 1 };
  }
  for (const file of result.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'passed') counts.passed += 1;
      else if (test.status === 'failed') counts.failed += 1;
      else counts.skipped += 1;
    }
    const hasFailedTest = file.assertionResults.some((test) => test.status === 'failed');
    // A file that could not be loaded, or whose hooks failed.
    if (file.status === 'failed' && !hasFailedTest) counts.failed += 1;
  }
  return counts;
}
