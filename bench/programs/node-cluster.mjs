// The contestant "node:cluster, hand-written": both roles of Node's own round-robin cluster.
import cluster from 'node:cluster';
import { superviseByHand } from './hand-written.mjs';
import { serve } from './serve.mjs';

if (cluster.isPrimary) {
  superviseByHand(() => cluster.fork().process);
} else {
  serve();
}
