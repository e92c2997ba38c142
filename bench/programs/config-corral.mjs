// The configuration's contestant "Corral": cluster.config, updated by the primary.
import { bootstrap, defineConfig } from '@corral/core';
import { reportEvent } from '@corral/test-kit/fixture';
import { initial, measureOnRequest } from './config-rounds.mjs';
import { workers } from './settings.mjs';

/** Checks nothing, as the raw contestant does. */
const schema = { '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value }) } };

const cluster = await bootstrap(
  (handle) => {
    handle.config.subscribe(() => undefined);
  },
  { workers, heartbeatMs: 250, stallMs: 1_000, config: defineConfig(schema, { initial }) },
);
if (cluster.role === 'primary') {
  cluster.on('workerStalled', () => reportEvent('stalled'));
  measureOnRequest(async (counter) => {
    const { applied } = await cluster.config.update({ counter });
    // The primary is one of them.
    if (applied.length !== workers + 1) throw new Error(`applied by ${applied.length - 1} workers`);
  });
}
