// Any process: a Fastify app on every core. The primary runs this file as well, but not its main function.
import { bootstrap, disconnectSignal } from '@corral/core';
import { offloadCalculation, printBanner, readN, readSettings } from '@corral/example-shared';
import { clusterPlugin } from '@corral/fastify';
import Fastify from 'fastify';

const settings = readSettings();
/** Workers report every 250 ms instead of every second, so that /count is less behind. */
const options = { workers: 'auto', heartbeatMs: 250 } as const;

const cluster = await bootstrap(async (cluster) => {
  const { workerId } = cluster;
  const tasks = offloadCalculation(cluster);
  const app = Fastify({ logger: { level: process.env['LOG_LEVEL'] ?? 'warn' } });
  await app.register(clusterPlugin);

  app.get('/', async () => ({ worker: workerId, pid: process.pid, message: 'Hello from Fastify' }));

  app.get('/fast', async () => ({ worker: workerId, ok: true }));

  app.get<{ Querystring: { n?: unknown } }>('/calculate', async (request, reply) => {
    const input = readN(request.query.n);
    if (!input.ok) return await reply.code(400).send(input.error);
    // Nobody calculates for a client that has left.
    const countPrimes = tasks.countPrimes.with({ signal: disconnectSignal(reply.raw) });
    return { worker: workerId, n: input.n, primes: await countPrimes(input.n) };
  });

  // The sum of what the workers last reported, up to 250 ms old: a placeholder until the cluster has
  // shared state to count in.
  app.get('/count', async () => {
    const { requests } = await app.cluster.status();
    return { worker: workerId, requests };
  });

  await app.listen(settings);
}, options);

await printBanner('Fastify', cluster, settings);
