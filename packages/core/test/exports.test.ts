// Process tests: what the built packages export. A change here is a change for users: add a changeset,
// then update the snapshot with `npm run test:process -- -u exports`.
import fs from 'node:fs';
import { expect, test } from 'vitest';

/** Packages, and entry points of packages. */
const ENTRIES = [
  'core',
  'core/once',
  'express',
  'express/rate-limit',
  'express/session',
  'fastify',
  'fastify/rate-limit',
  'fastify/session',
  'nest',
  'nest/schedule',
  'nest/throttler',
  'redis-state',
];

/** The names in the `export … { … } from` lists of an entry point, and of what it declares itself. */
function exportedTypes(entry: URL): string[] {
  const text = fs.readFileSync(entry, 'utf8');
  const lists = [...text.matchAll(/^export type \{([^}]*)\}/gm)];
  const declared = [...text.matchAll(/^export (?:interface|type) (\w+)/gm)];
  return [
    ...lists.flatMap(([, list = '']) => list.split(',')),
    ...declared.map(([, name = '']) => name),
  ]
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .sort();
}

test.for(ENTRIES)('@corral/%s exports what it did', async (entry) => {
  const [name, file = 'index'] = entry.split('/');
  const dist = new URL(`../../${name}/dist/`, import.meta.url);
  const exported = (await import(new URL(`${file}.js`, dist).href)) as object;

  expect({
    values: Object.keys(exported).sort(),
    types: exportedTypes(new URL(`${file}.d.ts`, dist)),
  }).toMatchSnapshot();
});

test('@corral/core imports no module of Node.js that brings whole libraries with it', () => {
  const dist = new URL('../dist/', import.meta.url);
  const dear = /from ?["']node:(?:http|https|crypto|tls)["']/;
  const importers = fs
    .readdirSync(dist)
    .filter((file) => file.endsWith('.js'))
    .filter((file) => dear.test(fs.readFileSync(new URL(file, dist), 'utf8')));

  // See src/builtins.ts.
  expect(importers).toEqual([]);
});
