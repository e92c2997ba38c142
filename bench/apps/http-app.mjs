// Contestants' worker processes: the minimal http app that every contestant runs, byte for byte the same.
import http from 'node:http';
import { threadId } from 'node:worker_threads';

/** The response header that names the worker: `pid:thread`, as some contestants' workers are threads. */
export const WORKER_HEADER = 'x-worker';

/** A worker as the header names it. */
export const workerName = `${process.pid}:${threadId}`;

/**
 * Answers `/` with `ok`. `/block?ms=5000` blocks the event loop for that long, then answers.
 * @returns {http.Server}
 */
export function createApp() {
  const server = http.createServer((request, response) => {
    response.setHeader(WORKER_HEADER, workerName);
    if (request.url.startsWith('/block')) block(request.url);
    response.end('ok');
  });
  // Long-lived connections must outlast the measurement; the default differs between Node's versions.
  server.keepAliveTimeout = 65_000;
  return server;
}

function block(url) {
  const endMs = performance.now() + Number(new URL(url, 'http://localhost').searchParams.get('ms'));
  while (performance.now() < endMs);
}
