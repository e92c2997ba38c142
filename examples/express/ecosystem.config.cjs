// PM2: one process of its own, in fork mode; Corral is the cluster inside it.
//   pm2 start ecosystem.config.cjs                 on every core
//   pm2 start ecosystem.config.cjs --env single    in this one process, without workers
//   pm2 sendSignal SIGUSR2 corral-express           replaces the workers without losing a request
module.exports = {
  apps: [
    {
      name: 'corral-express',
      cwd: __dirname,
      script: 'dist/server.js',
      exec_mode: 'fork',
      instances: 1,
      // Corral says 'ready' when every worker is; it gives up by itself after bootTimeoutMs (30 s).
      wait_ready: true,
      listen_timeout: 40_000,
      // Longer than drainTimeoutMs (25 s): PM2's default of 1.6 s would cut requests.
      kill_timeout: 35_000,
      // The signal is for the primary alone, which tells its workers.
      treekill: false,
      // Corral restarts workers itself; PM2 needs to step in only when the primary ends.
      exp_backoff_restart_delay: 100,
      env: { NODE_ENV: 'production', HOST: '127.0.0.1', PORT: '3000' },
      env_single: { CORRAL_SINGLE: '1' },
    },
  ],
};
