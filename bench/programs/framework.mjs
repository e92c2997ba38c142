// Subjects of the adapter measurement, both roles: one framework (BENCH_FRAMEWORK) run by node:cluster,
// by Corral without its adapter, or by Corral with it (BENCH_VARIANT).
import cluster from 'node:cluster';
import { bootstrap } from '@corral/core';
import { corralOptions } from './corral-options.mjs';
import { superviseByHand } from './hand-written.mjs';
import { host, port } from './settings.mjs';

const { BENCH_FRAMEWORK: framework, BENCH_VARIANT: variant } = process.env;
const withAdapter = variant === 'adapter';

// Loaded in workers only, as in an app that keeps its primary small.
const frameworks = {
  async fastify() {
    const { startFastify } = await import('../apps/fastify-app.mjs');
    await startFastify({ port, host, withAdapter });
  },
  async express() {
    const { startExpress } = await import('../apps/express-app.mjs');
    await startExpress({ port, host, withAdapter });
  },
  async nest() {
    const { startNest } = await import('../apps/nest-app.mjs');
    await startNest({ port, host });
  },
};
const start = frameworks[framework];

if (variant === 'node-cluster') {
  if (cluster.isPrimary) superviseByHand(() => cluster.fork().process);
  else await start();
} else if (withAdapter && framework === 'nest') {
  const { bootstrap: bootstrapNest } = await import('@corral/nest');
  const { createAppModule, nestOptions } = await import('../apps/nest-app.mjs');
  const options = { ...corralOptions, port, host, nest: nestOptions };
  await bootstrapNest(createAppModule({ withAdapter }), options);
} else {
  await bootstrap(start, corralOptions);
}
