// Read by PM2's command line: the app as PM2's documentation writes it, in cluster mode.
const { join } = require('node:path');

module.exports = {
  apps: [
    {
      name: 'bench',
      script: join(__dirname, 'pm2-worker.mjs'),
      exec_mode: 'cluster',
      instances: Number(process.env.BENCH_WORKERS),
    },
  ],
};
