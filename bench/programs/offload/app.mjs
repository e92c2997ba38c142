// The contestants of `offload-fast`: an app whose /calculate is work for a CPU, done inline or in threads.
import http from 'node:http';
import { bootstrap, toHttpError } from '@corral/core';
import { WORKER_HEADER, workerName } from '../../apps/http-app.mjs';
import { corralOptions } from '../corral-options.mjs';
import { host, port } from '../settings.mjs';
import { spin } from './tasks.mjs';

const CALCULATION_MS = 50;

await bootstrap((cluster) => {
  const tasks = cluster.offload(new URL('tasks.mjs', import.meta.url), { eager: true });
  const calculate = process.env.BENCH_VARIANT === 'inline' ? spin : tasks.spin;
  const answer = async (request, response) => {
    response.setHeader(WORKER_HEADER, workerName);
    try {
      if (request.url === '/calculate') await calculate(CALCULATION_MS);
      response.end('ok');
    } catch (error) {
      const { status, headers, body } = toHttpError(error);
      response.writeHead(status, headers).end(body);
    }
  };
  const server = http.createServer((request, response) => void answer(request, response));
  server.keepAliveTimeout = 65_000;
  server.listen(port, host);
}, corralOptions);
