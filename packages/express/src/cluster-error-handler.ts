// Any process that runs the app: the error middleware. Translates only; decisions are core's.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BODY_HEADERS, toHttpError } from '@corral/core';

/** What `app.use()` takes as an error handler, in Express 5 and 4. */
export type ClusterErrorHandler = (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Answers the errors of Corral's own that a route lets through: 503 with Retry-After when the task threads
 * are saturated, 504 when a call took too long. All others go on to the app's error handling. Use it
 * behind the routes and before the app's own error handler: `app.use(clusterErrorHandler())`.
 */
export function clusterErrorHandler(): ClusterErrorHandler {
  // Express tells error handlers by their four parameters.
  return (error, _request, response, next) => {
    const answer = toHttpError(error);
    if (answer === undefined || response.headersSent) {
      next(error);
      return;
    }
    for (const name of BODY_HEADERS) response.removeHeader(name);
    const length = { 'content-length': Buffer.byteLength(answer.body) };
    response.writeHead(answer.status, { ...answer.headers, ...length }).end(answer.body);
  };
}
