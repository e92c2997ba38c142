// Runs after tsc in a package's folder: removes outputs in dist/ whose source is gone, so that a
// deleted module is neither published nor found by tests. Everything else is left in place.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  const output = /^(?<name>.+?)(?:\.d)?\.(?:js|ts)(?:\.map)?$/.exec(entry.name);
  if (!entry.isFile() || !output) continue;
  const folder = entry.parentPath ?? entry.path;
  const source = join('src', folder.slice('dist'.length), `${output.groups.name}.ts`);
  if (!existsSync(source)) rmSync(join(folder, entry.name));
}
