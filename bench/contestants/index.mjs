// Runner: all contestants, in the order in which they take turns.
import { corralRoundRobin } from './corral-round-robin.mjs';
import { corralSlots } from './corral-slots.mjs';
import { nodeCluster } from './node-cluster.mjs';
import { pm2 } from './pm2.mjs';
import { reusePort } from './reuse-port.mjs';
import { single } from './single.mjs';
import { watt } from './watt.mjs';

export const contestants = Object.freeze([
  corralSlots,
  corralRoundRobin,
  nodeCluster,
  pm2,
  watt,
  reusePort,
  single,
]);
