// Any process: an Express app on every core. The primary runs this file as well, but not its main function.
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
import { clusterErrorHandler, clusterMiddleware } from '@corral/express';
import { sessionOptions } from '@corral/express/session';
import express from 'express';
import session from 'express-session';
import { pino } from 'pino';
import { accounts } from './accounts.js';

const settings = readSettings();
const secret = readSessionSecret();
const options = { workers: 'auto', config, ...adminOptions(), ...(await stateOptions()) } as const;

const cluster = await bootstrap((cluster) => {
  const { workerId } = cluster;
  const tasks = offloadCalculation(cluster);
  const log = pino({ level: cluster.config.current.logLevel });
  // In every worker, before the update is answered.
  cluster.config.subscribe((next) => {
    log.level = next.logLevel;
  });
  const app = express();
  app.use((req, _res, next) => {
    log.info({ method: req.method, url: req.url }, 'incoming request');
    next();
  });
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

  app.get('/count', async (_req, res) => {
    const { value: count } = await cluster.state.increment('count');
    res.json({ worker: workerId, count });
  });

  app.get('/log-level', (_req, res) => {
    res.json({ worker: workerId, logLevel: log.level });
  });

  // An app of its own would ask who is there, or leave it to the admin server.
  app.put('/log-level', express.json(), async (req, res) => {
    const input = readLogLevel(req.body);
    if (input.ok) res.json(await cluster.config.update({ logLevel: input.logLevel }));
    else res.status(400).json(input.error);
  });

  // 'auto': this example speaks plain HTTP, and browsers keep secure cookies for TLS.
  app.use(session(sessionOptions({ secret, secure: 'auto' })));
  app.use(accounts(workerId));

  app.use(clusterErrorHandler());
  app.listen(settings.port, settings.host);
}, options);

await printBanner('Express', cluster, settings);
