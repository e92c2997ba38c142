// `npm run bench [-- arguments]`: builds, then runs bench/run.mjs on this process's Node.js
// (`--node=26` chooses another).
import { join } from 'node:path';
import { turbo } from './lib/build.mjs';
import { main, root } from './lib/repo.mjs';
import { mustStep, run } from './lib/run.mjs';
import { ensureInstalled, ensureNode, ensureTools } from './lib/toolchain.mjs';

await main(async () => {
  const args = process.argv.slice(2);
  const major = args.find((arg) => arg.startsWith('--node='))?.slice(7);
  const tools = await ensureTools();
  const node = major ? await ensureNode(Number(major)) : process.execPath;
  await ensureInstalled(tools);
  await mustStep('Building', () => turbo(tools, ['build']));
  const rest = args.filter((arg) => !arg.startsWith('--node='));
  const { code } = await run(node, [join(root, 'bench', 'run.mjs'), ...rest], {
    cwd: root,
    env: process.env,
  });
  return code;
});
