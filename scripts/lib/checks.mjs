// The checks of `npm run lint` and `npm run typecheck`: each is a label and a quiet command.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, root } from './repo.mjs';
import { run } from './run.mjs';
import { publishableDirs } from './workspace.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);

/**
 * @returns {{ label: string, work: () => Promise<{ code: number, output: string }> }[]}
 */
export function lintChecks(tools, { fix = false } = {}) {
  const quiet = (command, args, cwd = root) =>
    run(bin(command), args, { cwd, env: tools.env, quiet: true });
  return [
    { label: 'Lint (oxlint)', work: () => quiet('oxlint', fix ? ['--fix'] : []) },
    { label: 'Format (oxfmt)', work: () => quiet('oxfmt', fix ? ['.'] : ['--check', '.']) },
    {
      label: 'Unused code and dependencies (knip)',
      work: () => quiet('knip', ['--no-config-hints']),
    },
    { label: 'Packages as published (publint, attw)', work: () => checkPackages(tools, quiet) },
  ];
}

/** All packages in one program: tsc reads what they share once. */
export function typeChecks(tools) {
  const work = () => run(bin('tsc'), ['-p', root], { cwd: root, env: tools.env, quiet: true });
  return [{ label: 'Types (tsc)', work }];
}

/** Packs every publishable package into `into` and returns the tarballs' paths. */
export async function packAll(tools, into) {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  const filters = publishableDirs().map((dir) => `--filter=./${dir}`);
  const packed = await run(
    tools.node,
    [tools.pnpm, ...filters, 'pack', '--recursive', '--pack-destination', into],
    { cwd: root, env: tools.env, quiet: true },
  );
  return { ...packed, tarballs: readdirSync(into).map((name) => join(into, name)) };
}

/** Looks at the tarballs, not at the folders: what counts is what users get. */
async function checkPackages(tools, quiet) {
  const packed = await packAll(tools, join(cacheDir, `pack-${process.pid}`));
  const failures = packed.code === 0 ? [] : [packed.output];
  for (const tarball of packed.tarballs) {
    const reports = [
      await quiet('publint', ['run', tarball, '--strict']),
      await quiet('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']),
    ];
    for (const report of reports) if (report.code !== 0) failures.push(report.output);
  }
  rmSync(join(cacheDir, `pack-${process.pid}`), { recursive: true, force: true });
  return { code: failures.length > 0 ? 1 : 0, output: failures.join('\n') };
}
