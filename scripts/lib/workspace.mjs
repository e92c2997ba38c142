// The packages of the workspace, found by looking (the folders match pnpm-workspace.yaml).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './repo.mjs';

/** Folders of all workspace packages, relative to the root, sorted. */
export function workspaceDirs() {
  const below = (folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)
      : [];
  return [...below('packages'), ...below('examples'), 'bench']
    .filter((dir) => existsSync(join(root, dir, 'package.json')))
    .sort();
}

export function readManifest(dir) {
  return JSON.parse(readFileSync(join(root, dir, 'package.json'), 'utf8'));
}

/** The packages that go to npm. */
export function publishableDirs() {
  return workspaceDirs().filter((dir) => dir.startsWith('packages/') && !readManifest(dir).private);
}
