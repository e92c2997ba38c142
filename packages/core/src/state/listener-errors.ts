// Any process: what becomes of an error that a listener of a channel throws.
import type { Logger } from '../logger.js';

/** As with the cluster's events: it is logged, and stops neither other listeners nor the process. */
export function logListenerError(logger: Logger): (error: unknown, channel: string) => void {
  return (error, channel) => {
    logger.error({ err: error, channel }, `a listener of the state's channel '${channel}' threw`);
  };
}
