// Provides the Node.js versions and the pnpm that the tools and tests run on, inside the repository:
// the machine needs only Node.js >= 20.19 and npm. See scripts/toolchain/README.md.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { cacheDir, hashFiles, root, UserError } from './repo.mjs';
import { withLock } from './lock.mjs';
import { mustStep, run } from './run.mjs';
import { workspaceDirs } from './workspace.mjs';

/** The Node.js major the development tools run on. */
const toolsMajor = 24;
/** The Node.js majors Corral supports; the process tests run on them. */
export const supportedMajors = [20, 22, 24, 26];

const currentMajor = Number(process.versions.node.split('.')[0]);
const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

const toolchainDir = (name) => join(root, 'scripts', 'toolchain', name);

function requireSupportedNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new UserError(
    `Corral needs Node.js 20.19 or newer; this is ${process.version} (${process.execPath}).\n` +
      'Install a newer one and run the command again.',
  );
}

/** The npm that runs this script, else the one on PATH. */
export function npmCommand() {
  const cli = process.env.npm_execpath;
  if (cli && /npm-cli\.c?js$/.test(cli)) return { command: process.execPath, args: [cli] };
  return { command: process.platform === 'win32' ? 'npm.cmd' : 'npm', args: [] };
}

/** Installs one folder of scripts/toolchain from its lockfile, unless that was done before. */
async function ensureToolchain(name, label) {
  const dir = toolchainDir(name);
  const stamp = join(dir, 'node_modules', '.corral-stamp');
  const wanted = hashFiles([join(dir, 'package-lock.json')]) + platform;
  const isDone = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isDone()) return;
  await withLock(async () => {
    if (isDone()) return;
    const npm = npmCommand();
    // Scripts stay off: the packages hold the binaries themselves, nothing is fetched or built.
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await mustStep(label, () =>
      run(npm.command, [...npm.args, ...args], { cwd: dir, env: process.env, quiet: true }),
    );
    writeFileSync(stamp, wanted);
  });
}

function packagedNode(folder, major) {
  const dir = join(toolchainDir(folder), 'node_modules', `node-${major}-${platform}`);
  return join(dir, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/**
 * The tools' Node.js and pnpm.
 * @returns {Promise<{ node: string, pnpm: string, env: NodeJS.ProcessEnv }>} `env` has both first on PATH
 */
export async function ensureTools() {
  requireSupportedNode();
  await ensureToolchain('tools', `Fetching Node.js ${toolsMajor} and pnpm for the tools`);
  const packaged = packagedNode('tools', toolsMajor);
  const node = existsSync(packaged) ? packaged : ownNodeForTools();
  const modules = join(toolchainDir('tools'), 'node_modules');
  return {
    node,
    pnpm: join(modules, 'pnpm', 'bin', 'pnpm.mjs'),
    env: {
      ...process.env,
      PATH: [dirname(node), join(modules, '.bin'), process.env.PATH].join(delimiter),
      TURBO_TELEMETRY_DISABLED: '1',
      DO_NOT_TRACK: '1',
    },
  };
}

/** For platforms without a packaged Node.js (musl, for example). */
function ownNodeForTools() {
  if (currentMajor >= 24) return process.execPath;
  throw new UserError(
    `The npm registry has no Node.js ${toolsMajor} for ${platform}, and Corral's development tools need one.\n` +
      `Run the command with Node.js ${toolsMajor} or newer.`,
  );
}

/** A Node.js of the given major: this process's own, or one from the registry. */
export async function ensureNode(major) {
  if (major === currentMajor) return process.execPath;
  const folder = major === toolsMajor ? 'tools' : `node-${major}`;
  await ensureToolchain(folder, `Fetching Node.js ${major}`);
  const node = packagedNode(folder, major);
  if (existsSync(node)) return node;
  throw new UserError(`The npm registry has no Node.js ${major} for ${platform}.`);
}

/** Installs the workspace's dependencies from the lockfile, unless nothing changed since the last time. */
export async function ensureInstalled(tools) {
  const stamp = join(cacheDir, 'installed');
  const wanted = () => hashFiles(installInputs()) + process.platform + process.arch;
  const isDone = () =>
    existsSync(join(root, 'node_modules', '.modules.yaml')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === wanted();
  if (isDone()) return;
  await withLock(async () => {
    if (isDone()) return;
    rmSync(stamp, { force: true });
    await mustStep('Installing dependencies', async () => {
      const result = await run(tools.node, [tools.pnpm, 'install', '--frozen-lockfile'], {
        cwd: root,
        env: { ...tools.env, CI: 'true' },
        quiet: true,
      });
      if (result.output.includes('ERR_PNPM_OUTDATED_LOCKFILE')) {
        result.output += '\nTo bring the lockfile up to date: npm run tool -- pnpm install';
      }
      return result;
    });
    mkdirSync(cacheDir, { recursive: true });
    writeFileSync(stamp, wanted());
  });
}

/** The files that decide what `pnpm install` does. */
function installInputs() {
  const manifests = ['.', ...workspaceDirs()].map((dir) => join(root, dir, 'package.json'));
  return [join(root, 'pnpm-lock.yaml'), join(root, 'pnpm-workspace.yaml'), ...manifests];
}
