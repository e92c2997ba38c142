// Workers of contestants that leave shutdown to the app: listens, and closes as their documentation shows.
import { createApp } from '../apps/http-app.mjs';
import { host, port } from './settings.mjs';

/**
 * @param {{ reusePort?: boolean }} options
 */
export function serve({ reusePort = false } = {}) {
  const server = createApp();
  const close = () => server.close(() => process.exit(0));
  // SIGINT is PM2's signal, SIGTERM everybody else's.
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
  server.listen({ port, host, reusePort }, () => process.send?.({ event: 'listening' }));
}
