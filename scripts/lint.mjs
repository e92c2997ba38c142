// `npm run lint [-- --fix]`: everything that is checked without running the code.
import { turbo } from './lib/build.mjs';
import { lintChecks } from './lib/checks.mjs';
import { main } from './lib/repo.mjs';
import { mustStep, step } from './lib/run.mjs';
import { ensureInstalled, ensureTools } from './lib/toolchain.mjs';

await main(async () => {
  const tools = await ensureTools();
  await ensureInstalled(tools);
  // The type-aware rules and the package checks read the built declarations.
  await mustStep('Building', () => turbo(tools, ['build']));
  let failed = 0;
  for (const { label, work } of lintChecks(tools, { fix: process.argv.includes('--fix') })) {
    if (!(await step(label, work))) failed += 1;
  }
  return failed > 0 ? 1 : 0;
});
