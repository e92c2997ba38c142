// Build: puts the used parts of zod in place of dist/zod.js, which tsc has left as imports; see src/zod.ts.
import { readFileSync } from 'node:fs';
import { defineConfig } from 'rolldown';

const { version } = JSON.parse(
  readFileSync(new URL('package.json', import.meta.resolve('zod')), 'utf8'),
);

export default defineConfig({
  input: 'dist/zod.js',
  platform: 'node',
  output: {
    file: 'dist/zod.js',
    banner: `// Parts of zod ${version}, Copyright (c) 2025 Colin McDonnell, MIT License: https://github.com/colinhacks/zod\n`,
  },
});
