// `npm run tool -- <command> [arguments]`: runs a development tool of this repository (pnpm, vitest,
// tsc, turbo, knip, changeset …) on the tools' Node.js.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { main, root, UserError } from './lib/repo.mjs';
import { run } from './lib/run.mjs';
import { ensureInstalled, ensureTools } from './lib/toolchain.mjs';

await main(async () => {
  const [command, ...args] = process.argv.slice(2);
  if (!command) throw new UserError('Usage: npm run tool -- <command> [arguments]');
  const tools = await ensureTools();
  const cwd = process.env.INIT_CWD ?? root;
  if (command === 'pnpm') {
    return (await run(tools.node, [tools.pnpm, ...args], { cwd, env: tools.env })).code;
  }
  await ensureInstalled(tools);
  const bin = join(root, 'node_modules', '.bin');
  if (command !== 'node' && !existsSync(join(bin, command))) {
    throw new UserError(`There is no tool "${command}" in node_modules/.bin.`);
  }
  const executable = command === 'node' ? tools.node : join(bin, command);
  const env = { ...tools.env, PATH: `${bin}${delimiter}${tools.env.PATH}` };
  return (await run(executable, args, { cwd, env })).code;
});
