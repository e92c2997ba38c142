// Workers of the adapter measurement: the Express app, with and without @corral/express.
import { once } from 'node:events';
import { clusterMiddleware } from '@corral/express';
import express from 'express';
import { WORKER_HEADER, workerName } from './http-app.mjs';

/** @param {{ port: number, host: string, withAdapter: boolean }} settings */
export async function startExpress({ port, host, withAdapter }) {
  const app = express();
  if (withAdapter) app.use(clusterMiddleware());
  app.get('/', (request, response) => {
    response.set(WORKER_HEADER, workerName).json({ hello: 'world' });
  });
  await once(app.listen(port, host), 'listening');
}
