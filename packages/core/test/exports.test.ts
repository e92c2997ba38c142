// Process tests: what the built packages export. A change here is a change for users: add a changeset,
// then update the snapshot with `npm run test:process -- -u exports`.
import fs from 'node:fs';
import { expect, test } from 'vitest';

const PACKAGES = ['core', 'express', 'fastify', 'nest', 'redis-state'];

/** The names in the `export … { … } from` lists of a package's entry, which has nothing else in it. */
function exportedTypes(entry: URL): string[] {
  const lists = fs.readFileSync(entry, 'utf8').matchAll(/^export type \{([^}]*)\}/gm);
  const names = [...lists].flatMap(([, list = '']) => list.split(','));
  return names
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .sort();
}

test.for(PACKAGES)('@corral/%s exports what it did', async (name) => {
  const dist = new URL(`../../${name}/dist/`, import.meta.url);
  const exported = (await import(new URL('index.js', dist).href)) as object;

  expect({
    values: Object.keys(exported).sort(),
    types: exportedTypes(new URL('index.d.ts', dist)),
  }).toMatchSnapshot();
});
