// Any process that runs the app: gives Corral's own errors their HTTP status. Decisions are core's.
import { toHttpError } from '@corral/core';
import type { FastifyInstance } from 'fastify';

/**
 * For routes registered from here on that have no error handler of their own. It sets status and headers
 * and throws the error on, so that the app's error handler, or Fastify's, writes the body as it does
 * for all errors.
 */
export function translateErrors(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    route.errorHandler ??= (error, _request, reply) => {
      const answer = toHttpError(error);
      if (answer !== undefined) {
        const { 'content-type': _ours, ...headers } = answer.headers;
        reply.code(answer.status).headers(headers);
      }
      throw error;
    };
  });
}
