import { defineConfig } from 'vitest/config';

/**
 * Lets tests import the sources of sibling packages without a build (see tsconfig `customConditions`).
 * Without 'import': Node would apply that to require() as well, and CommonJS packages would get ES modules.
 */
const sourceConditions = ['@corral/source', 'node'];

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { conditions: sourceConditions },
        ssr: { resolve: { conditions: sourceConditions } },
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts'],
          pool: 'threads',
          testTimeout: 10_000,
        },
      },
      {
        // Real processes, against the built packages: `npm run build` comes first.
        test: {
          name: 'process',
          include: ['packages/*/test/**/*.test.ts'],
          pool: 'forks',
          // Every test starts a cluster of its own; more files at once than cores only makes them slow.
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          teardownTimeout: 30_000,
          retry: 0,
        },
      },
    ],
  },
});
