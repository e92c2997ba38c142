// `npm run bench [-- arguments]`: builds, then runs bench/run.mjs, and with it all that is measured, on
// the tools' Node.js (`--node=26` chooses another).
import { join } from 'node:path';
import { turbo } from './lib/build.mjs';
import { main, root, say, UserError } from './lib/repo.mjs';
import { mustStep, run } from './lib/run.mjs';
import { ensureInstalled, ensureNode, ensureTools, supportedMajors } from './lib/toolchain.mjs';
import { provideRedisServer } from './redis.mjs';

/** Without one, the measurements on Redis say that they could not be made, and the others are. */
async function redisServer() {
  try {
    return { CORRAL_REDIS_SERVER: await provideRedisServer() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(error.message);
    return {};
  }
}

/** Takes `--node=26` and `--node 26` out of the arguments; the rest is the runner's. */
function takeNode(argv) {
  const rest = [...argv];
  const at = rest.findIndex((arg) => /^--node(=|$)/.test(arg));
  if (at < 0) return { rest, major: undefined };
  const [option] = rest.splice(at, 1);
  const value = option.includes('=') ? option.slice('--node='.length) : rest.splice(at, 1)[0];
  const major = Number(value);
  if (supportedMajors.includes(major)) return { rest, major };
  throw new UserError(`--node ${value}: expected one of ${supportedMajors.join(', ')}`);
}

await main(async () => {
  const { rest, major } = takeNode(process.argv.slice(2));
  const tools = await ensureTools();
  const node = major === undefined ? tools.node : await ensureNode(major);
  await ensureInstalled(tools);
  await mustStep('Building', () => turbo(tools, ['build']));
  const { code } = await run(node, [join(root, 'bench', 'run.mjs'), ...rest], {
    cwd: root,
    env: { ...process.env, ...(await redisServer()) },
  });
  return code;
});
