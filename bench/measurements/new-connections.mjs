// Runner: where the way in which connections reach workers costs most.
import { throughputMeasurement } from './throughput.mjs';

export const newConnections = throughputMeasurement({
  id: 'new-connections',
  title: 'A new connection for each request',
  what: 'Requests a second with `Connection: close`: how much it costs to bring a connection to a worker.',
  newConnections: true,
  goals: { 'node-cluster': 2, pm2: 2, watt: 1.2, 'reuse-port': 0.95 },
});
