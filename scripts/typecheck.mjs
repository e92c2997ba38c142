// `npm run typecheck`: sources and tests of all packages, against the sources of their siblings.
import { typeChecks } from './lib/checks.mjs';
import { main } from './lib/repo.mjs';
import { step } from './lib/run.mjs';
import { ensureInstalled, ensureTools } from './lib/toolchain.mjs';

await main(async () => {
  const tools = await ensureTools();
  await ensureInstalled(tools);
  let failed = 0;
  for (const { label, work } of typeChecks(tools)) if (!(await step(label, work))) failed += 1;
  return failed > 0 ? 1 : 0;
});
