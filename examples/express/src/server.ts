// Any process: an Express app on every core. The primary runs this file as well, but not its main function.
import { bootstrap, disconnectSignal } from '@corral/core';
import { offloadCalculation, printBanner, readN, readSettings } from '@corral/example-shared';
import { clusterErrorHandler, clusterMiddleware } from '@corral/express';
import express from 'express';

const settings = readSettings();
/** Workers report every 250 ms instead of every second, so that /count is less behind. */
const options = { workers: 'auto', heartbeatMs: 250 } as const;

const cluster = await bootstrap((cluster) => {
  const { workerId } = cluster;
  const tasks = offloadCalculation(cluster);
  const app = express();
  app.use(clusterMiddleware());

  app.get('/', (_req, res) => {
    res.json({ worker: workerId, pid: process.pid, message: 'Hello from Express' });
  });

  app.get('/fast', (_req, res) => {
    res.json({ worker: workerId, ok: true });
  });

  app.get('/calculate', async (req, res) => {
    const input = readN(req.query['n']);
    if (!input.ok) {
      res.status(400).json(input.error);
      return;
    }
    // Nobody calculates for a client that has left.
    const countPrimes = tasks.countPrimes.with({ signal: disconnectSignal(res) });
    res.json({ worker: workerId, n: input.n, primes: await countPrimes(input.n) });
  });

  // The sum of what the workers last reported, up to 250 ms old: a placeholder until the cluster has
  // shared state to count in.
  app.get('/count', async (req, res) => {
    const { requests } = await req.cluster.status();
    res.json({ worker: workerId, requests });
  });

  app.use(clusterErrorHandler());
  app.listen(settings.port, settings.host);
}, options);

await printBanner('Express', cluster, settings);
