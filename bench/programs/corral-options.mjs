// Corral's contestants, every process: the options of bootstrap(), and reload on the runner's request.
import { workers } from './settings.mjs';

/** What the contestant and the measurement set; everything else is Corral's default. */
export const corralOptions = { workers, ...JSON.parse(process.env.BENCH_CORRAL ?? '{}') };

/** @param {import('@corral/core').Cluster} cluster */
export function reloadOnRequest(cluster) {
  if (cluster.role !== 'primary') return;
  const reload = async () => {
    try {
      await cluster.reload();
      process.send({ event: 'reloaded' });
    } catch (error) {
      process.send({ event: 'reloaded', error: error.message });
    }
  };
  process.on('message', () => void reload());
}
