import { defineConfig } from 'vitest/config';
import type { ViteUserConfig } from 'vitest/config';

/**
 * Lets tests import the sources of sibling packages without a build (see tsconfig `customConditions`).
 * Without 'import': Node would apply that to require() as well, and CommonJS packages would get ES modules.
 */
const sourceConditions = ['@corral/source', 'node'];

const config: ViteUserConfig = defineConfig({
  test: {
    teardownTimeout: 30_000,
    projects: [
      {
        resolve: { conditions: sourceConditions },
        ssr: { resolve: { conditions: sourceConditions } },
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts'],
          pool: 'threads',
          // No test leaves anything in a module: loading them anew for each file would take most of the time.
          isolate: false,
          // Many wait for timers.
          maxWorkers: 4,
          testTimeout: 10_000,
        },
      },
      {
        // Real processes, against the built packages: `npm run build` comes first.
        test: {
          name: 'process',
          include: ['packages/*/test/**/*.test.ts'],
          pool: 'forks',
          // Every test starts a cluster of its own, and often waits for it: one file more at once than cores keeps
          // two cores busy.
          maxWorkers: 3,
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

export default config;
