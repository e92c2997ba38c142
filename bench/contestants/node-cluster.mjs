// Runner: Node's own cluster module with the supervision that people write themselves.
import { startProgram } from './program.mjs';

/** @type {import('./program.mjs').Subject} */
export const nodeCluster = {
  id: 'node-cluster',
  name: 'node:cluster, hand-written',
  start: ({ workers }) => startProgram({ file: 'node-cluster.mjs', workers, reload: 'message' }),
};
