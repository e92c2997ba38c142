// Any process: images and passwords, work for a CPU, in threads of the workers.
import { bootstrap, disconnectSignal } from '@corral/core';
import { readSettings } from '@corral/example-shared';
import { clusterErrorHandler, clusterMiddleware } from '@corral/express';
import express from 'express';

const settings = readSettings();

const cluster = await bootstrap((cluster) => {
  const images = cluster.offload<typeof import('./image-tasks.js')>(
    new URL('./image-tasks.js', import.meta.url),
    { eager: true, timeoutMs: 10_000 },
  );
  const passwords = cluster.offload<typeof import('./password-tasks.js')>(
    new URL('./password-tasks.js', import.meta.url),
    // A login that waits for longer is tried again by its user anyway.
    { queueTimeoutMs: 3_000, maxQueue: 64 },
  );
  const app = express();
  app.use(clusterMiddleware());

  app.post('/thumbnail', express.raw({ type: 'image/png', limit: '10mb' }), async (req, res) => {
    const png: unknown = req.body;
    if (!(png instanceof Uint8Array)) {
      res.status(415).json({ code: 'PNG_EXPECTED' });
      return;
    }
    const shrink = images.shrink.with({ signal: disconnectSignal(res) });
    res.type('png').send(Buffer.from(await shrink(png, 4)));
  });

  app.post('/passwords/hash', express.json(), async (req, res) => {
    const { password } = req.body as { password?: unknown };
    if (typeof password !== 'string' || password.length > 1_000) {
      res.status(400).json({ code: 'PASSWORD_EXPECTED' });
      return;
    }
    // Somebody waits for it, so it goes before what can wait.
    const hash = passwords.hash.with({ signal: disconnectSignal(res), priority: 1 });
    const stored = await hash(password);
    res.json({ stored, verified: await passwords.verify(password, stored) });
  });

  app.use(clusterErrorHandler());
  app.listen(settings.port, settings.host);
});

if (cluster.role !== 'worker') {
  const url = `http://localhost:${settings.port}`;
  process.stdout.write(`
  curl --data-binary @image.png -H 'content-type: image/png' ${url}/thumbnail -o thumbnail.png
  curl -d '{"password":"secret"}' -H 'content-type: application/json' ${url}/passwords/hash

Ctrl-C stops it.
`);
}
