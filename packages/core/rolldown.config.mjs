// Build: bundles the modules into a few files, so that each process of a cluster reads and compiles few, and of zod
// only the parts that are used. The declarations stay as tsc writes them, one for each source.
import { readFileSync } from 'node:fs';
import { defineConfig } from 'rolldown';

const read = (url) => JSON.parse(readFileSync(url, 'utf8'));
const { dependencies } = read(new URL('package.json', import.meta.url));
const { version } = read(new URL('package.json', import.meta.resolve('zod')));
const copyright = `// Parts of zod ${version}, Copyright (c) 2025 Colin McDonnell, MIT License: https://github.com/colinhacks/zod\n`;

export default defineConfig({
  input: {
    index: 'src/index.ts',
    once: 'src/once.ts',
    task: 'src/offload/task.ts',
    // Files that threads begin with: found beside the code that starts them, hence no folders in dist/.
    'stall-watchdog-thread': 'src/worker/stall-watchdog-thread.ts',
    'thread-entry': 'src/offload/thread-entry.ts',
  },
  platform: 'node',
  external: Object.keys(dependencies),
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  output: {
    dir: 'dist',
    cleanDir: true,
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    codeSplitting: { groups: [{ name: 'zod', test: /[\\/]node_modules[\\/]zod[\\/]/ }] },
    postBanner: ({ name }) => (name === 'zod' ? copyright : ''),
  },
});
