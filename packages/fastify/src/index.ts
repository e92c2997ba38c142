// Any process: the public API of @corral/fastify. Explicit named exports, no logic.
export { clusterPlugin } from './cluster-plugin.js';
export type { LoadSheddingOptions } from './load-shedding.js';
export type { ClusterPluginOptions } from './options.js';
