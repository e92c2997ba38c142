// `npm run corral -- status --admin 9000`: builds the command `corral`, and runs it on your own Node.js.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { turbo } from './lib/build.mjs';
import { main, root } from './lib/repo.mjs';
import { mustStep } from './lib/run.mjs';
import { ensureInstalled, ensureTools } from './lib/toolchain.mjs';

await main(async () => {
  const tools = await ensureTools();
  await ensureInstalled(tools);
  await mustStep('Building the command', () => turbo(tools, ['build'], ['@corral/cli']));
  const program = join(root, 'packages', 'cli', 'dist', 'main.js');
  // With the caller's input and folder: it may be given files.
  const { status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], {
    cwd: process.env.INIT_CWD ?? root,
    stdio: 'inherit',
  });
  return status ?? 1;
});
