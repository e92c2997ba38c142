// `npm run build [package…]`: installs and builds all packages and examples, or only those named
// (`npm run build @corral/core`) with what they depend on.
import { turbo } from './lib/build.mjs';
import { main } from './lib/repo.mjs';
import { step } from './lib/run.mjs';
import { ensureInstalled, ensureTools } from './lib/toolchain.mjs';

await main(async () => {
  const tools = await ensureTools();
  await ensureInstalled(tools);
  const done = await step('Building', () =>
    turbo(tools, ['build', 'build:fixtures'], process.argv.slice(2)),
  );
  return done ? 0 : 1;
});
