// Workers of the adapter measurement: the Fastify app, with and without @corral/fastify.
import { clusterPlugin } from '@corral/fastify';
import Fastify from 'fastify';
import { WORKER_HEADER, workerName } from './http-app.mjs';

/** @param {{ port: number, host: string, withAdapter: boolean }} settings */
export async function startFastify({ port, host, withAdapter }) {
  const app = Fastify();
  if (withAdapter) await app.register(clusterPlugin);
  app.get('/', async (request, reply) => {
    reply.header(WORKER_HEADER, workerName);
    return { hello: 'world' };
  });
  await app.listen({ port, host });
}
