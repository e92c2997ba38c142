// Any process: a Fastify app on every core. The primary runs this file as well, but not its main function.
import { bootstrap, disconnectSignal } from '@corral/core';
import {
  adminOptions,
  config,
  offloadCalculation,
  printBanner,
  readLogLevel,
  readN,
  readSessionSecret,
  readSettings,
  stateOptions,
} from '@corral/example-shared';
import { clusterPlugin } from '@corral/fastify';
import { sessionOptions } from '@corral/fastify/session';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import Fastify from 'fastify';
import { accounts } from './accounts.js';

const settings = readSettings();
const secret = readSessionSecret();
const options = { workers: 'auto', config, ...adminOptions(), ...(await stateOptions()) } as const;

const cluster = await bootstrap(async (cluster) => {
  const { workerId } = cluster;
  const tasks = offloadCalculation(cluster);
  const app = Fastify({ logger: { level: cluster.config.current.logLevel } });
  // In every worker, before the update is answered.
  cluster.config.subscribe((next) => {
    app.log.level = next.logLevel;
  });
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

  app.get('/count', async () => {
    const { value: count } = await cluster.state.increment('count');
    return { worker: workerId, count };
  });

  app.get('/log-level', async () => ({ worker: workerId, logLevel: app.log.level }));

  // An app of its own would ask who is there, or leave it to the admin server.
  app.put('/log-level', async (request, reply) => {
    const input = readLogLevel(request.body);
    if (!input.ok) return await reply.code(400).send(input.error);
    return await cluster.config.update({ logLevel: input.logLevel });
  });

  // In a context of its own, so that the other routes do not load sessions.
  await app.register(async (context) => {
    await context.register(fastifyCookie);
    // 'auto': this example speaks plain HTTP, and browsers keep secure cookies for TLS.
    await context.register(fastifySession, sessionOptions({ secret, secure: 'auto' }));
    await context.register(accounts, { workerId });
  });

  await app.listen(settings);
}, options);

await printBanner('Fastify', cluster, settings);
