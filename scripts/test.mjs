// `npm test`: installs, builds, lints, checks types and runs every test; ends with `N passed, N failed`.
// Also `npm run test:unit`, `test:process` and `test:matrix`, which take vitest's arguments after `--`,
// and `--node=24` to choose the Node.js versions that the process tests run on.
import { turbo } from './lib/build.mjs';
import { lintChecks, typeChecks } from './lib/checks.mjs';
import { checkPackedPackages } from './lib/packed.mjs';
import { dim, main, say, seconds, UserError } from './lib/repo.mjs';
import { step } from './lib/run.mjs';
import { ensureInstalled, ensureNode, ensureTools, supportedMajors } from './lib/toolchain.mjs';
import { runVitest } from './lib/vitest.mjs';
import { provideRedisServer } from './redis.mjs';

/** The oldest supported Node.js, and the one that most servers run. */
const defaultMajors = [20, 24];
const parts = new Set(['all', 'unit', 'process', 'matrix']);

const total = { passed: 0, failed: 0, skipped: 0 };

function count({ passed, failed, skipped = 0 }) {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}

async function check(label, work) {
  const ok = await step(label, work);
  count({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });
  return ok;
}

/** Two at a time: most of them use one core, and some wait for the network. */
async function checkAll(checks) {
  const waiting = [...checks];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await check(next.label, next.work);
    }
  };
  await Promise.all([lane(), lane()]);
}

async function tests(label, run) {
  const startedMs = performance.now();
  say(`\n▶ ${label}`);
  const counts = await run();
  count(counts);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  say(
    `${label}: ${counts.passed} passed, ${counts.failed} failed${skipped} ${dim(seconds(startedMs))}`,
  );
}

function parseArguments(argv) {
  const [first, ...rest] = argv;
  const part = parts.has(first) ? first : 'all';
  const args = part === first ? rest : argv;
  const chosen = args.filter((arg) => arg.startsWith('--node=')).map((arg) => arg.slice(7));
  const majors = chosen.flatMap((list) => list.split(',')).map(Number);
  const unknown = majors.find((major) => !supportedMajors.includes(major));
  if (unknown !== undefined) {
    throw new UserError(`--node takes ${supportedMajors.join(', ')}, separated by commas.`);
  }
  const byDefault = part === 'matrix' ? supportedMajors : defaultMajors;
  return {
    part,
    majors: majors.length > 0 ? majors : byDefault,
    args: args.filter((arg) => !arg.startsWith('--node=')),
  };
}

async function runAll({ part, majors, args }) {
  const tools = await ensureTools();
  const nodes = new Map();
  if (part !== 'unit') for (const major of majors) nodes.set(major, await ensureNode(major));
  await ensureInstalled(tools);

  if (part !== 'unit') {
    if (!(await check('Build', () => turbo(tools, ['build', 'build:fixtures'])))) return;
  }
  if (part === 'all') {
    await checkAll([
      ...typeChecks(tools),
      ...lintChecks(tools),
      {
        label: `Packed packages, installed (Node ${majors.join(', ')})`,
        work: () => checkPackedPackages(tools, [...nodes.values()]),
      },
    ]);
  }
  if (part === 'all' || part === 'unit') {
    await tests('Unit tests', () => runVitest(tools, 'unit', { args }));
  }
  if (part === 'unit') return;
  // After all that needs none: where it cannot be had, that is not to stand in the way of the rest.
  const redisServer = await provideRedisServer();
  const env = {
    ...Object.fromEntries([...nodes].map(([major, node]) => [`CORRAL_NODE_${major}`, node])),
    CORRAL_REDIS_SERVER: redisServer,
    // Each Node.js balances its own way; `test:process` and `test:matrix` try all that it has.
    ...(part === 'all' ? { CORRAL_TEST_MODES: 'default' } : {}),
  };
  for (const [major, node] of nodes) {
    await tests(`Process tests on Node ${major}`, () =>
      runVitest(tools, 'process', { env: { ...env, CORRAL_TEST_NODE: node }, args }),
    );
  }
}

await main(async () => {
  const startedMs = performance.now();
  const options = parseArguments(process.argv.slice(2));
  try {
    await runAll(options);
  } catch (error) {
    say(error instanceof UserError ? error.message : error.stack);
    count({ passed: 0, failed: 1 });
  }
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  say(dim(`\n${seconds(startedMs)} in all`));
  process.stdout.write(`${total.passed} passed, ${total.failed} failed${skipped}\n`);
  return total.failed > 0 ? 1 : 0;
});
