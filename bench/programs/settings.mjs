// Contestants' processes: what the runner tells them, in the environment.

export const host = '127.0.0.1';
export const port = Number(process.env.BENCH_PORT);
export const workers = Number(process.env.BENCH_WORKERS);
