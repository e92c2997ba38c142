// Uses the packages as a stranger would: packed, installed by npm into an empty project outside of the
// repository, loaded with import and with require.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { packAll } from './checks.mjs';
import { run } from './run.mjs';
import { npmCommand } from './toolchain.mjs';
import { publishableDirs, readManifest } from './workspace.mjs';

const npmFlags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];

/** @returns {Promise<{ code: number, output: string }>} */
export async function checkPackedPackages(tools, nodes) {
  const project = mkdtempSync(join(tmpdir(), 'corral-packed-'));
  try {
    const packed = await packAll(tools, join(project, 'packs'));
    if (packed.code !== 0) return packed;
    const app = join(project, 'app');
    const install = await installInto(app, packed.tarballs);
    if (install.code !== 0) return install;
    const consumers = writeConsumers(app);
    const failures = [];
    for (const node of nodes) {
      for (const file of consumers) {
        const used = await run(node, [file], { cwd: app, env: process.env, quiet: true });
        if (used.code !== 0) failures.push(`${node} ${file}:\n${used.output}`);
      }
      for (const { program, version } of programs(app)) {
        const used = await run(node, [program, '--version'], {
          cwd: app,
          env: process.env,
          quiet: true,
        });
        if (used.code !== 0 || used.output !== `${version}\n`) {
          failures.push(`${node} ${program} --version:\n${used.output}`);
        }
      }
    }
    return { code: failures.length > 0 ? 1 : 0, output: failures.join('\n') };
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

/** The frameworks the packages want beside them, at the versions the workspace's lockfile chose. */
function peerVersions() {
  const versions = {};
  for (const dir of publishableDirs()) {
    for (const name of Object.keys(readManifest(dir).peerDependencies ?? {})) {
      if (name.startsWith('@corral/')) continue;
      versions[name] = readManifest(`${dir}/node_modules/${name}`).version;
    }
  }
  return versions;
}

async function installInto(app, tarballs) {
  const dependencies = peerVersions();
  for (const dir of publishableDirs()) {
    const { name, version } = readManifest(dir);
    const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    dependencies[name] = `file:${tarballs.find((tarball) => basename(tarball) === file)}`;
  }
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const npm = npmCommand();
  return run(npm.command, [...npm.args, 'install', ...npmFlags], {
    cwd: app,
    env: process.env,
    quiet: true,
  });
}

/** What can be imported of a package: itself, and what its `exports` name below it. */
function entryPoints(dir) {
  const { name, exports } = readManifest(dir);
  const paths = Object.keys(exports).filter((path) => !path.endsWith('.json'));
  return paths.map((path) => name + path.slice(1));
}

/** The commands that packages bring. */
function programs(app) {
  return publishableDirs().flatMap((dir) => {
    const { name, version, bin = {} } = readManifest(dir);
    const files = Object.values(bin);
    return files.map((file) => ({ program: join(app, 'node_modules', name, file), version }));
  });
}

/** Both ways to load a package must give the same names. */
function writeConsumers(app) {
  const names = publishableDirs().flatMap(entryPoints);
  writeFileSync(
    join(app, 'consumer.mjs'),
    `import { createRequire } from 'node:module';
import { deepStrictEqual } from 'node:assert';
const require = createRequire(import.meta.url);
for (const name of ${JSON.stringify(names)}) {
  const required = Object.keys(require(name)).filter((key) => key !== '__esModule');
  deepStrictEqual(required.sort(), Object.keys(await import(name)).sort(), name);
}
`,
  );
  writeFileSync(
    join(app, 'consumer.cjs'),
    `for (const name of ${JSON.stringify(names)}) require(name);\n`,
  );
  return ['consumer.mjs', 'consumer.cjs'];
}
