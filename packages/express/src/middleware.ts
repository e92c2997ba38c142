// Any process that runs the app: the shape of a middleware, without Express's own types. Types only.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Cluster } from '@corral/core';

declare global {
  namespace Express {
    interface Request {
      /** This process's cluster, by `clusterMiddleware()`. */
      cluster: Cluster;
    }
  }
}

/**
 * What `app.use()` takes, in Express 5 and 4 and in anything that speaks their middleware. Written with
 * Node's types, so that this package needs Express neither at runtime nor for its types.
 */
export type ClusterMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;
