// Runner: where contestants differ only by what they add to each request.
import { throughputMeasurement } from './throughput.mjs';

export const keepAlive = throughputMeasurement({
  id: 'keep-alive',
  title: 'Keep-alive',
  what: 'Requests a second on connections that stay open: what a contestant adds to each request.',
  newConnections: false,
  goals: { 'node-cluster': 0.98, pm2: 1, watt: 1.2 },
});
